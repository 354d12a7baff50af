using Cassini.Management.Telemetry;
using Cassini.Streams.Events;
using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Logging;

/// <summary>
/// The log as one more reader of the events. Error: an operator must act. Warning: degraded. Information: lifecycle.
/// Debug: one connection. Trace: what happens all the time.
/// </summary>
internal sealed class EventLogger(ILogger logger) : IObserver<TracedDelivery>
{
    private const string Category = "Cassini.Events";

    /// <summary>The checks whose first verdict was logged: that a check begins well is expected.</summary>
    private readonly HashSet<string> _judged = new(StringComparer.Ordinal);
    private readonly RefusalLimit _refusals = new(logger);
    private readonly ClientLimit _clients = new(logger);
    private readonly CapacityLimit _capacity = new(logger);

    /// <summary>
    /// Begins to log a broker's events, from the first on, and to make the spans of its connections, because the log lines of a connection
    /// carry its trace.
    /// </summary>
    /// <param name="host">The broker.</param>
    /// <param name="loggers">Where its events are logged.</param>
    /// <returns>
    /// Ends both. Usually nothing has to: the hub's completion ends them too, after the last event, so that this is logged as well.
    /// </returns>
    public static IDisposable Attach(BrokerHost host, ILoggerFactory loggers) =>
        host.Hub.ObserveFromStart("log").Subscribe(new ConnectionTraces(
            host.Spans, host.Options.Telemetry.TraceRatio, host.Hub.StartedAt, speaksMqtt: true,
            new EventLogger(loggers.CreateLogger(Category))));

    public void OnNext(TracedDelivery value)
    {
        if (value.Delivery.Envelope is { } envelope)
        {
            _refusals.Pass(envelope.Elapsed);
            _clients.Pass(envelope.Elapsed);
            _capacity.Pass(envelope.Elapsed);
            using var scope = value.Trace is { } trace ? logger.BeginScope(new TraceScope(trace)) : null;
            Write(envelope.Event, envelope.Elapsed);
        }
        else
        {
            logger.EventsMissed(value.Delivery.Gap.From, value.Delivery.Gap.To);
        }
    }

    public void OnError(Exception error) => logger.LogEnded(error);

    public void OnCompleted() => EndLimits();

    private void Write(BrokerEvent happened, TimeSpan now)
    {
        switch (happened)
        {
            case ConnectionAccepted e: logger.ConnectionAccepted(e.ConnectionId, e.Endpoint, e.RemoteAddress); break;
            case HandshakeCompleted e: logger.HandshakeCompleted(e.ConnectionId, Line(e.Identity), e.Protocol, e.Duration); break;
            case HandshakeFailed { IsRefusal: true } e:
                logger.HandshakeFailed(
                    _refusals.LevelOf(e, now), e.ConnectionId, e.RemoteAddress ?? "an unknown address", EventLogMessages.WhyOf(e));
                break;
            case HandshakeFailed e: logger.NoHandshake(e.ConnectionId, e.Reason); break;
            case ConnectionOpened e: logger.ConnectionOpened(e.ConnectionId, Line(e.Identity)); break;
            case ConnectionClosed e: logger.ConnectionClosed(e.ConnectionId, e.Reason, e.Duration); break;
            case IdentityQuarantined e: logger.IdentityQuarantined(Line(e.Identity), e.Crashes, e.Duration); break;

            case SessionOpened e:
                logger.SessionOpened(e.ConnectionId, Short(e.ClientId ?? e.Identity), e.Protocol ?? "its protocol", e.SessionPresent);
                break;
            case SessionClosed e:
                logger.SessionClosed(e.ConnectionId, Short(e.ClientId ?? "without a name"), e.Reason, e.Duration, e.Kept);
                break;
            case SessionEnded e: logger.SessionEnded(Short(e.ClientId), e.Reason); break;
            case ClientRefused e: _clients.Write(e, now); break;
            case ClientIdContested e:
                logger.ClientIdContested(Short(e.ClientId), Line(e.Identity), e.TakeOvers, e.Delay);
                break;
            case ProtocolViolated e: _clients.Write(e, now); break;
            case AccessDenied e: _clients.Write(e, now); break;
            case AccessRulesChanged e: logger.AccessRulesChanged(e.Rules, e.Sessions, e.Subscriptions); break;
            case RemedyApplied e:
                logger.RemedyApplied(e.Caller, e.Action, Short(e.Target), e.Connections, e.Sessions, e.Retained);
                break;

            case TopicCreated e: logger.TopicCreated(Short(e.Topic)); break;
            case TopicRemoved e: logger.TopicRemoved(Short(e.Topic)); break;
            case LoadSampled e: logger.LoadSampled(e.QueuedMessages, e.Sessions, e.Topics, e.Dropped); break;
            case MessagesDropped e: logger.MessagesDropped(e.Count, e.ClientId is { } client ? Short(client) : "several clients"); break;

            case CapacityReached e: _capacity.Write(e, now); break;

            case HeartbeatReceived e: logger.HeartbeatReceived(e.RoundTrip, e.LiveConnections); break;
            case AcceptProbed e: logger.AcceptProbed(e.Endpoint, e.RoundTrip); break;
            case CanaryDisabled e: logger.CanaryDisabled(e.Reason); break;
            case CanarySucceeded e: logger.CanarySucceeded(e.Total); break;
            case CanaryFailed e: logger.CanaryFailed(e.Endpoint ?? "no endpoint", e.Stage, e.Reason, Line(e.Detail)); break;

            case ListenerConfigured e: logger.ListenerConfigured(e.Endpoint); break;
            case ListenerBound e when e.Address == e.Endpoint: logger.ListenerBound(e.Endpoint); break;
            case ListenerBound e: logger.ListenerBoundTo(e.Endpoint, e.Address); break;
            case BindFailed e: logger.BindFailed(e.Endpoint, e.Error, e.Message, e.Attempt, e.RetryIn); break;
            case ListenerClosed { Reason: ListenerCloseReason.Shutdown } e: logger.ListenerClosed(e.Endpoint); break;
            case ListenerClosed e: logger.ListenerLost(e.Endpoint, e.Reason); break;
            case AcceptFailed e: logger.AcceptFailed(e.Endpoint, e.Error, e.Failures, e.RetryIn); break;

            // Its supervisor, or the hub for an observer, logs the same with the stack that an event does not carry.
            case Crashed { RestartIn: { } delay } e:
                logger.CrashedRestarting(e.Component, e.Exception, Line(e.Message), e.Attempt, delay);
                break;
            case Crashed e: logger.Crashed(e.Component, e.Exception, Line(e.Message)); break;
            case Restarted e: logger.Restarted(e.Component, e.Attempt); break;
            case GaveUp e: logger.GaveUp(e.Component, e.Crashes, e.Window); break;

            case CertificateLoaded e: logger.CertificateLoaded(e.Role, Line(e.Subject), e.NotAfter); break;
            case CertificateReloadFailed e: logger.CertificateReloadFailed(e.Role, e.Path, Line(e.Message)); break;
            case CertificateExpiring e: logger.CertificateExpiring(e.Role, Line(e.Subject), e.NotAfter); break;
            case PhaseEntered e:
                EnterPhase(e.Phase);
                logger.PhaseEntered(e.Phase);
                break;
            case PhaseLeft { Outcome: PhaseOutcome.Forced } e: logger.PhaseForced(e.Phase, e.Duration); break;
            case PhaseLeft e: logger.PhaseLeft(e.Phase, e.Duration); break;
            case DrainStageEntered e: logger.DrainStageEntered(e.Stage, e.Deadline); break;
            case DrainStageLeft { Outcome: PhaseOutcome.Forced } e:
                logger.DrainStageForced(e.Stage, e.Duration, e.Sessions, e.Messages, e.Kept);
                break;
            case DrainStageLeft e: logger.DrainStageLeft(e.Stage, e.Duration, e.Sessions, e.Messages, e.Kept); break;
            case ConfigurationLoaded { TakenUp.IsEmpty: true, NeedRestart.IsEmpty: true }: logger.ConfigurationLoaded(); break;
            case ConfigurationLoaded e: logger.ConfigurationChanged(ListOf(e.TakenUp), ListOf(e.NeedRestart)); break;
            case ConfigurationReloadFailed e: logger.ConfigurationReloadFailed(Line(e.Problem), e.More); break;
            case LogLevelChanged { For: { } length } e:
                logger.LogLevelChanged(e.Caller, e.Level, Short(e.LoggerCategory ?? "all"), length);
                break;
            case LogLevelChanged e: logger.LogLevelReturned(e.Caller); break;
            case StoreRecovering e: logger.StoreRecovering(e.Read, e.Total, e.Sessions, e.Messages); break;
            case StoreOpened e: logger.StoreOpened(e.Sessions, e.Messages, e.Bytes, e.Duration, e.Level); break;
            case StoreFailed e: logger.StoreFailed(Line(e.Message)); break;
            case StoreResumed e: logger.StoreResumed(e.After); break;
            case FleetEntered e: logger.FleetEntered(Line(e.Node), Line(e.Fleet)); break;
            case FleetJoined e: logger.FleetJoined(e.Peers, e.Duration); break;
            case FleetJoinLate e: logger.FleetJoinLate(Line(ListOf(e.Nodes))); break;
            case NameTaken { GivesWay: true } e: logger.NameTaken(Line(e.Node), Line(e.OtherEpoch)); break;
            case NameTaken e: logger.NameShared(Line(e.Node), Line(e.OtherEpoch)); break;
            case NameFreed e: logger.NameFreed(Line(e.Node)); break;
            case EngineConnected e: logger.EngineConnected(Line(e.Server)); break;
            case EngineLost e: logger.EngineLost(Line(e.Problem)); break;
            case PeerJoined e: logger.PeerJoined(Line(e.Node), Line(e.PeerEpoch)); break;
            case PeerSuspected e: logger.PeerSuspected(Line(e.Node), e.Silence); break;
            case PeerBack e: logger.PeerBack(Line(e.Node), e.Silence); break;
            case PeerLost e: logger.PeerLost(Line(e.Node), Line(e.PeerEpoch), e.Silence); break;
            case PeerLeft e: logger.PeerLeft(Line(e.Node)); break;
            case PeerForgotten e: logger.PeerForgotten(Line(e.Node)); break;
            case PeerSeen { Answer: PeerAnswer.Serves } e: logger.PeerServes(Line(e.Node)); break;
            case PeerSeen e: logger.PeerSeen(Line(e.Node), WordsOf(e.Answer)); break;
            case SessionArrived e: logger.SessionArrived(Line(e.ClientId), Line(e.From), e.Messages, e.Duration); break;
            case SessionNotArrived e: logger.SessionNotArrived(Line(e.ClientId), Line(e.From), Line(e.Problem)); break;
            case InterestLagging e: logger.InterestLagging(Line(e.Node), e.Waited); break;
            case InterestConfirmed e: logger.InterestConfirmed(Line(e.Node)); break;
            case PeerDiffers { What: "" } e: logger.PeerAgrees(Line(e.Node)); break;
            case PeerDiffers e: logger.PeerDiffers(Line(e.Node), Line(e.What)); break;
            case PeerClockSkewed e when e.Skew == TimeSpan.Zero: logger.PeerClockRight(Line(e.Node)); break;
            case PeerClockSkewed e:
                logger.PeerClockSkewed(Line(e.Node), e.Skew > TimeSpan.Zero ? "ahead of" : "behind", e.Skew.Duration());
                break;
            case LinkStalled e: logger.LinkStalled(Line(e.Node), e.Waited); break;
            case LinkResumed e: logger.LinkResumed(Line(e.Node)); break;
            case LinkDropping e: logger.LinkDropping(Line(e.Node), e.Dropped); break;
            case LinkRecovered e: logger.LinkRecovered(Line(e.Node)); break;
            case RetainedIncomplete e: logger.RetainedIncomplete(Line(e.Node), e.Missing); break;
            case RetainedComplete e: logger.RetainedComplete(Line(e.Node)); break;
            case MessagesNotKept { Dropped: 0 } e: logger.NothingKept(Line(e.Node)); break;
            case MessagesNotKept e: logger.MessagesNotKept(Line(e.Node), e.Dropped); break;
            case MessagesKept e: logger.MessagesKept(Line(e.Node)); break;
            case HealthChanged { Check: CheckNames.Phase } e: logger.PhaseChecked(e.Reason ?? nameof(Phase.Ready)); break;
            case HealthChanged { From: HealthStatus.Unknown, To: HealthStatus.Ok } e when _judged.Add(e.Check):
                logger.HealthChanged(LogLevel.Debug, e.Check, e.From, e.To, e.Reason, Line(e.Message));
                break;
            case HealthChanged { From: HealthStatus.Off, To: HealthStatus.Unknown } e:
                // A check begins its work: what it finds follows.
                logger.HealthChanged(LogLevel.Debug, e.Check, e.From, e.To, e.Reason, Line(e.Message));
                break;
            case HealthChanged e:
                logger.HealthChanged(EventLogMessages.LevelOf(e), e.Check, e.From, e.To, e.Reason, Line(e.Message));
                break;
            default: logger.Other(happened); break;
        }
    }

    /// <summary>The last line of a clean stop is that it has stopped.</summary>
    private void EnterPhase(Phase entered)
    {
        if (entered is Phase.Stopped)
        {
            EndLimits();
        }
    }

    private void EndLimits()
    {
        _refusals.End();
        _clients.End();
        _capacity.End();
    }

    private static string WordsOf(PeerAnswer answer) => answer switch
    {
        PeerAnswer.CutOff => "is not connected to its bus either",
        PeerAnswer.NotReady => "does not hear this one, and is not ready",
        PeerAnswer.Hears => "hears this one",
        _ => "does not answer any more, or need not be asked",
    };

    private static string ListOf(IReadOnlyCollection<string> keys) => keys.Count == 0 ? "nothing" : string.Join(", ", keys);

    private static string Short(string foreign) => SafeText.Of(foreign, SafeText.Short);

    private static string Line(string? foreign) => SafeText.Line(foreign);
}
