using System.Collections.Immutable;
using Cassini.Streams.Events;
using Cassini.Streams.Fleet;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Cluster.Fleet;

/// <summary>
/// Asks the nodes that the bus says nothing of over HTTP, and publishes what they say of their bus and of this node. So this node learns
/// whether others serve without it. While all are heard nobody is asked.
/// </summary>
/// <param name="fleet">What this node knows.</param>
/// <param name="reader">Asks them.</param>
/// <param name="events">Where it publishes.</param>
/// <param name="time">The one clock.</param>
/// <param name="logger">Where it logs.</param>
internal sealed class SecondPath(
    FleetProjection fleet, IFleetReader reader, IEventPublisher events, TimeProvider time, ILogger logger)
{
    /// <summary>Between two rounds.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Between two rounds in which nobody answers while the bus is connected: most likely they are gone.</summary>
    public static readonly TimeSpan LongPause = TimeSpan.FromSeconds(5);

    // A crash and a restart of this service leave these as they are.
    private readonly Dictionary<string, (PeerAnswer Answer, long At)> _answers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _problems = new(StringComparer.Ordinal);

    /// <summary>Asks until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var position = fleet.Log.Newest;
            var state = fleet.State;
            var nodes = state.Unheard;
            End(nodes);
            if (nodes.IsEmpty)
            {
                // The bus may be lost without a change of the fleet, when no other node is there: so it looks now and then, too.
                await fleet.Log.WaitAsync(position).WaitAsync(LongPause, time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (fleet.Log.IsCompleted)
                {
                    return;
                }

                continue;
            }

            var answers = await reader.AskAsync(nodes, cancellationToken).ConfigureAwait(false);
            if (!cancellationToken.IsCancellationRequested)
            {
                foreach (var answer in answers)
                {
                    Take(answer);
                }

                var isQuick = state.ConnectedAt is null || _answers.Count > 0;
                await Task.Delay(isQuick ? Pause : LongPause, time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>What a node says; null when the answer is not one of that node.</summary>
    /// <param name="self">Who asks.</param>
    /// <param name="node">Who was asked.</param>
    /// <param name="said">The answer.</param>
    public static PeerAnswer? Judge(FleetIdentity self, string node, FleetSnapshot said)
    {
        if (said.Fleet != self.Fleet || said.Node != node || said.Nodes.IsDefault
            || said.Nodes.FirstOrDefault(one => one?.Node == node) is not { } itself)
        {
            return null;
        }

        // Of this node it may know nothing current, and hear it all the same: only who is suspect, gone or another run is not heard.
        var isHeard = said.Nodes.FirstOrDefault(one => one?.Node == self.Node) is { } me
            && me.Epoch == self.Epoch && me.State is not FleetNodeState.Suspect;
        return said.Connected is not true ? PeerAnswer.CutOff
            : isHeard ? PeerAnswer.Hears
            : itself.Snapshot.Ready ? PeerAnswer.Serves
            : PeerAnswer.NotReady;
    }

    private void Take(FleetAnswer answer)
    {
        var node = answer.Of.Node;
        if (answer.Snapshot is not { } said)
        {
            Miss(answer.Of, answer.Problem ?? "no answer");
        }
        else if (Judge(fleet.State.Self, node, said) is not { } judged)
        {
            Miss(answer.Of, $"it is node {SafeText.Quote(said.Node)} of another fleet, or another node");
        }
        else
        {
            _problems.Remove(node);
            fleet.Apply(new NodeAnswered(node));
            var isNews = !_answers.TryGetValue(node, out var known) || known.Answer != judged;
            _answers[node] = (judged, time.GetTimestamp());
            if (isNews)
            {
                events.Publish(new PeerSeen(node, judged));
            }
        }
    }

    private void Miss(NodeAddress of, string problem)
    {
        if (_problems.GetValueOrDefault(of.Node) != problem)
        {
            _problems[of.Node] = problem;
            FleetFileLog.NoAnswer(logger, of.Node, of.Management, problem);
        }

        if (_answers.TryGetValue(of.Node, out var known) && time.GetElapsedTime(known.At) >= FleetIdentity.Freshness)
        {
            Withdraw(of.Node);
        }
    }

    /// <summary>Nodes that need not be asked any more.</summary>
    private void End(ImmutableArray<NodeAddress> asked)
    {
        foreach (var node in _answers.Keys.Where(node => !asked.Any(one => one.Node == node)).ToArray())
        {
            Withdraw(node);
        }

        foreach (var node in _problems.Keys.Where(node => !asked.Any(one => one.Node == node)).ToArray())
        {
            _problems.Remove(node);
        }
    }

    private void Withdraw(string node)
    {
        _answers.Remove(node);
        events.Publish(new PeerSeen(node, PeerAnswer.None));
    }
}
