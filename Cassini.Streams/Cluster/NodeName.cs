using Cassini.Streams.Events;

namespace Cassini.Streams.Cluster;

/// <summary>
/// Whose the name of this node is. A run asks first whether another one has it, and says nothing else for one heartbeat. Who has it
/// answers, and who asks gives way: for both it is as if the name were a port that is taken. That one keeps asking, and has the name when
/// it gets no answer for <see cref="ClusterOptions.DeadAfter"/>, or when the other has said farewell. Of two that have it, because they did
/// not hear each other, or that ask at once, the later gives way. Only a word that names this run counts against it: the other has heard
/// it, so it lives, while a heartbeat may be a late one of the run before. Thread-safe.
/// </summary>
internal sealed class NodeName : IDisposable
{
    private readonly NodeRun _self;
    private readonly ClusterOptions _options;
    private readonly Subjects _subjects;
    private readonly (NamedBus Control, NamedBus Data) _buses;
    private readonly NodeLock _lock;
    private readonly ITimer _timer;

    // The run that was heard, and how many intervals ago. Time does not count: this node may have stood still, or have had no bus.
    private string? _other;
    private int _silent;
    private bool _isOver;

    /// <param name="self">This node.</param>
    /// <param name="options">The fleet.</param>
    /// <param name="subjects">The subjects of the fleet.</param>
    /// <param name="buses">Open while this node has its name.</param>
    /// <param name="nodeLock">The lock of the node.</param>
    /// <param name="tasks">Gets a bug.</param>
    /// <param name="time">The one clock.</param>
    public NodeName(
        NodeRun self, ClusterOptions options, Subjects subjects, (NamedBus Control, NamedBus Data) buses, NodeLock nodeLock,
        NodeTasks tasks, TimeProvider time)
    {
        _self = self;
        _options = options;
        _subjects = subjects;
        _buses = buses;
        _lock = nodeLock;
        _timer = time.CreateTimer(_ => tasks.Guard(Look), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether an earlier run has the name, so that this one takes no part in the fleet. Under the lock of the node.</summary>
    public bool IsAside { get; private set; }

    private bool IsOpen => _buses.Control.IsOpen;

    /// <summary>Asks at once, or when the bus is connected.</summary>
    public void Start()
    {
        _buses.Control.Inner.ConnectionChanged += OnConnection;
        _timer.Change(TimeSpan.Zero, _options.HeartbeatInterval);
    }

    /// <summary>Nothing more is said about the name. Any number of times.</summary>
    public void Dispose()
    {
        _buses.Control.Inner.ConnectionChanged -= OnConnection;
        _timer.Dispose();
        using (_lock.Enter())
        {
            _isOver = true;
        }
    }

    /// <summary>Something was said in the name of this node. Not under the lock.</summary>
    public void Hear(ControlMessage message)
    {
        if (message.Epoch == _self.Epoch)
        {
            return;
        }

        using (_lock.Enter())
        {
            if (_isOver)
            {
                return;
            }

            // While it waits for the name it answers only others that wait: a run that has just started may be the node itself, again.
            var isLater = string.CompareOrdinal(message.Epoch, _self.Epoch) > 0;
            switch (message)
            {
                case NameAsked asked when IsOpen || (isLater && (!IsAside || asked.Of.Length > 0)):
                    if (IsOpen && asked.Of == _self.Epoch)
                    {
                        NoteLocked(asked.Epoch);
                    }

                    AnswerLocked(asked.Epoch);
                    break;
                case Beat when IsOpen && isLater:
                    AnswerLocked(message.Epoch);
                    break;
                case NameHeld held when held.Of == _self.Epoch && (!IsOpen || !isLater):
                    GiveWayLocked(message.Epoch);
                    break;
                case Farewell when IsAside && message.Epoch == _other:
                    // It asks once more: who said farewell may have given way to a third run, which has the name.
                    _silent = (int)(_options.DeadAfter / _options.HeartbeatInterval) - 1;
                    break;
            }
        }

        Tell();
    }

    private void OnConnection(string? server)
    {
        using (_lock.Enter())
        {
            if (server is null || _isOver || IsOpen)
            {
                return;
            }

            _silent = 0;
            _timer.Change(TimeSpan.Zero, _options.HeartbeatInterval);
        }
    }

    /// <summary>A heartbeat is due: asks for the name, or has it when nobody has answered for long enough.</summary>
    private void Look()
    {
        using (_lock.Enter())
        {
            if (_isOver || !_buses.Control.Inner.IsConnected)
            {
                return;
            }

            var patience = IsAside || IsOpen ? _options.DeadAfter : _options.HeartbeatInterval;
            var isFree = _silent++ >= patience / _options.HeartbeatInterval;
            if (isFree && _other is not null)
            {
                (_other, IsAside) = (null, false);
                _lock.NoteLocked(new NameFreed(_self.Node));
            }

            if (isFree)
            {
                OpenLocked(true);
            }
            else if (!IsOpen)
            {
                Say(new NameAsked(_self.Node, _self.Epoch, _other ?? ""));
            }
        }

        Tell();
    }

    /// <summary>Another run has the name. Peers that know this one are told that it stops, so that they hear the other at once.</summary>
    private void GiveWayLocked(string other)
    {
        if (IsOpen)
        {
            _buses.Control.TryPublish(_subjects.All, new Farewell(_self.Node, _self.Epoch).ToBytes());
            OpenLocked(false);
        }

        if (!IsAside)
        {
            (_other, IsAside) = (null, true);
        }

        NoteLocked(other);
    }

    private void NoteLocked(string other)
    {
        // Of several others each is heard in turn.
        if (_other is null)
        {
            _lock.NoteLocked(new NameTaken(_self.Node, other, IsAside));
        }

        (_other, _silent) = (other, 0);
    }

    private void OpenLocked(bool isOpen) => (_buses.Control.IsOpen, _buses.Data.IsOpen) = (isOpen, isOpen);

    private void Tell()
    {
        _buses.Data.Tell();
        _buses.Control.Tell();
    }

    private void AnswerLocked(string other) => Say(new NameHeld(_self.Node, _self.Epoch, other));

    private void Say(ControlMessage message) => _buses.Control.Inner.TryPublish(_subjects.Of(_self.Node), message.ToBytes());
}
