using Cassini.Streams.Events;
using Cassini.Streams.Health;
using static Cassini.Tests.Health.Fold;
using static Cassini.Tests.Health.Happened;

namespace Cassini.Tests.Health.Checks;

/// <summary>Endpoints that are bound, or not.</summary>
public class BindCheckTests
{
    [Fact]
    public void Bind_OneOfTwoFails_IsErrorUntilBoundAndHeld()
    {
        var fold = Healthy(new HealthPolicy { Hold = S(15) });

        fold.At(1, BindFailed("127.0.0.1:8884"));
        var check = fold[CheckNames.Bind];
        check.Status.ShouldBe(HealthStatus.Error);
        check.Reason.ShouldBe(Reasons.BindFailed);
        check.Message.ShouldBe("1 of 2 endpoints is not bound: 127.0.0.1:8884 (AddressAlreadyInUse), retry in 4 s");
        check.Evidence.ShouldBe([fold.State.Through]);
        fold.State.Verdicts.Ready.ShouldBeFalse();

        fold.At(5, Bound("127.0.0.1:8884")).At(5, Probed("127.0.0.1:8884"));
        fold[CheckNames.Bind].Raw.ShouldBe(HealthStatus.Ok);
        fold[CheckNames.Bind].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(16) - Instant)[CheckNames.Bind].Status.ShouldBe(HealthStatus.Error);
        fold.Until(S(16))[CheckNames.Bind].Status.ShouldBe(HealthStatus.Ok);
    }

    [Theory]
    [InlineData(1, 1, "1 of 1 endpoint is not bound: 127.0.0.1:1 (AddressAlreadyInUse), retry in 4 s")]
    [InlineData(1, 2, "1 of 2 endpoints is not bound: ")]
    [InlineData(2, 3, "2 of 3 endpoints are not bound: 127.0.0.1:1 (AddressAlreadyInUse), retry in 4 s; 127.0.0.1:2 ")]
    public void Bind_SomeOfSeveralFail_TheMessageCountsThem(int missing, int all, string message)
    {
        var fold = new Fold();
        for (var port = 1; port <= all; port++)
        {
            BrokerEvent attempt = port <= missing ? BindFailed($"127.0.0.1:{port}") : Bound($"127.0.0.1:{port}");
            fold.At(0, attempt);
        }

        fold[CheckNames.Bind].Message.ShouldNotBeNull().ShouldStartWith(message);
    }

    [Fact]
    public void Bind_ClosedEndpoint_IsError() =>
        Healthy().At(1, new ListenerClosed(Endpoint, ListenerCloseReason.Rehearsal))[CheckNames.Bind].Reason
            .ShouldBe(Reasons.EndpointClosed);

    [Fact]
    public void Bind_FirstAttemptPending_IsUnknown() =>
        new Fold().At(0, new ListenerConfigured(Endpoint))[CheckNames.Bind].Raw.ShouldBe(HealthStatus.Unknown);
}
