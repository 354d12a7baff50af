using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Workers;

/// <summary>Where workers join: only those with a certificate of the CA, of a role that is wanted, and with a name of their own.</summary>
internal sealed partial class WorkerHub : IAsyncDisposable
{
    private static readonly TimeSpan Greeting = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly string _plan;
    private readonly IReadOnlyDictionary<WorkerRole, int> _wanted;
    private readonly TlsIdentity _identity;
    private readonly TimeProvider _time;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly List<RemoteWorker> _workers = [];
    private readonly HashSet<Task> _greetings = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;

    private WorkerHub(string plan, IReadOnlyDictionary<WorkerRole, int> wanted, TlsIdentity identity, Socket listener, TimeProvider time)
    {
        (_plan, _wanted, _identity, _listener, _time) = (plan, wanted, identity, listener, time);
        _accepting = Task.Run(AcceptAsync);
    }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    public IReadOnlyList<IWorker> Workers
    {
        get
        {
            lock (_gate)
            {
                return [.. _workers];
            }
        }
    }

    /// <exception cref="HarnessException">The address cannot be listened on.</exception>
    public static async Task<WorkerHub> ListenAsync(
        HostPort address, string plan, IReadOnlyDictionary<WorkerRole, int> wanted, TlsIdentity identity, TimeProvider time)
    {
        Socket? socket = null;
        try
        {
            var host = IPAddress.TryParse(address.Host, out var ip) ? ip : (await Dns.GetHostAddressesAsync(address.Host))[0];
            socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(host, address.Port));
            socket.Listen();
            return new WorkerHub(plan, wanted, identity, socket, time);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new HarnessException($"--listen {address}: {SocketText.Of(exception.SocketErrorCode)}", exception);
        }
    }

    public async Task AllJoinedAsync(TimeSpan timeout, Action<string> say, RunStop stop)
    {
        say($"waiting for workers on {Address}: {Missing()}");
        try
        {
            await _complete.Task.WaitAsync(timeout, _time, stop.Token);
        }
        catch (TimeoutException)
        {
            stop.Now(Verdict.TimedOut, $"not all workers joined within {DurationText.Seconds(timeout)}: missing {Missing()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] greetings;
        lock (_gate)
        {
            greetings = [.. _greetings];
        }

        await Task.WhenAll(greetings);
        await Task.WhenAll(Workers.Select(worker => worker.DisposeAsync().AsTask()));
    }

    private string Missing()
    {
        lock (_gate)
        {
            return string.Join(", ", _wanted.Select(wanted => (Role: wanted.Key, Count: wanted.Value - CountOf(wanted.Key)))
                .Where(missing => missing.Count > 0)
                .Select(missing => Quantity.Of(missing.Count, WordOf(missing.Role))));
        }
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_end.Token);
                lock (_gate)
                {
                    _greetings.RemoveWhere(greeting => greeting.IsCompleted);
                    _greetings.Add(Task.Run(() => GreetAsync(socket)));
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The end, or somebody who was gone before we looked.
            }
        }
    }

    private async Task GreetAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(Greeting, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _end.Token);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        WorkerLink? link = null;
        try
        {
            await stream.AuthenticateAsServerAsync(_identity.AsServer(), limit.Token);
            link = new WorkerLink(stream, _time);
            if (await link.ReceiveAsync(limit.Token) is not WorkerMessage.Hello hello)
            {
                throw new WorkerLinkException("it did not say hello");
            }

            // Before it is entered: nothing may overtake the welcome.
            if (Objection(hello) is { } objection)
            {
                await link.SendAsync(new WorkerMessage.Refused(objection));
                await link.DisposeAsync();
                return;
            }

            await link.SendAsync(new WorkerMessage.Welcome(_plan));
            if (!TryEnter(hello, link))
            {
                await link.SendAsync(new WorkerMessage.Refused("another one was quicker"));
                await link.DisposeAsync();
            }
        }
        catch (Exception exception) when (exception is WorkerLinkException or AuthenticationException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // A stranger, or one who gave up: a run must not care.
            if (link is not null)
            {
                await link.DisposeAsync();
            }

            await stream.DisposeAsync();
        }
    }

    private string? Objection(WorkerMessage.Hello hello)
    {
        lock (_gate)
        {
            return hello.Version != WorkerMessage.Protocol ? $"the controller speaks version {WorkerMessage.Protocol} and not {hello.Version}"
                : !Name().IsMatch(hello.Name) ? "a worker's name has 1 to 64 letters, digits, dots, hyphens and underscores"
                : _workers.Any(worker => worker.Name == hello.Name) ? $"there is a worker '{hello.Name}' already"
                : CountOf(hello.Role) >= _wanted.GetValueOrDefault(hello.Role) ? $"no further {WordOf(hello.Role)} is wanted"
                : null;
        }
    }

    private bool TryEnter(WorkerMessage.Hello hello, WorkerLink link)
    {
        lock (_gate)
        {
            if (Objection(hello) is not null)
            {
                return false;
            }

            _workers.Add(new RemoteWorker(hello.Name, hello.Role, link, _time));
            if (_wanted.All(wanted => CountOf(wanted.Key) >= wanted.Value))
            {
                _complete.TrySetResult();
            }

            return true;
        }
    }

    private int CountOf(WorkerRole role) => _workers.Count(worker => worker.Role == role);

    private static string WordOf(WorkerRole role) => role.ToString().ToLowerInvariant();

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
