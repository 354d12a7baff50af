using Cassini.Management.Access;
using Cassini.Management.Feed;
using Cassini.Management.Probes;
using Cassini.Tests.Support;
using Cassini.Tests.VirtualTime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Reactive.Testing;

namespace Cassini.Tests.Management;

/// <summary>
/// The end of feeds whose subscribers do not read. A request that has ended must not be aborted: its context may be that of another
/// request already, or throw on the timer's thread, which ends the process.
/// </summary>
public class FeedCutTests
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Stop_ARequestEndsWhileAnotherIsCut_IsNotAbortedAfterItsEnd()
    {
        await using var rig = await ManagementRig.StartReadyAsync();
        var clock = new TestScheduler();
        using var feeds = new FeedRegistry(
            rig.Hub, rig.Health, new SnapshotBodies("main", Heartbeat), new SharedPlaces("feeds", 10, new CallerPlaces(null)), Heartbeat,
            new VirtualTimeProvider(clock));
        await using var app = Application();
        app.MapEvents(rig.Hub, rig.Health, null, feeds);
        var answer = ((IEndpointRouteBuilder)app).DataSources.Single().Endpoints.Single().RequestDelegate!;
        var cut = new Subscriber();
        var leaver = new Subscriber();
        cut.Answer = answer(cut.RequestTo(app));
        leaver.Answer = answer(leaver.RequestTo(app));
        cut.Aborting = () =>
        {
            leaver.Leave();
            SpinWait.SpinUntil(() => leaver.Answer.IsCompleted, Eventually.Deadline).ShouldBeTrue("the other request ends");
        };
        feeds.Count.ShouldBe(2);

        feeds.Stop();
        clock.AdvanceBy(TimeSpan.FromSeconds(2).Ticks);

        await Eventually.CompletesAsync("both requests end", Task.WhenAll(cut.Answer, leaver.Answer));
        feeds.Count.ShouldBe(0);
        cut.Aborts.ShouldBe(1);
        leaver.IsAbortedAfterItsEnd.ShouldBeFalse();
    }

    private static WebApplication Application()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        return builder.Build();
    }

    /// <summary>A subscriber of which no byte can be written.</summary>
    private sealed class Subscriber : IHttpRequestLifetimeFeature
    {
        private readonly CancellationTokenSource _gone = new();

        public Task Answer { get; set; } = Task.CompletedTask;

        public Action Aborting { get; set; } = () => { };

        public int Aborts { get; private set; }

        public bool IsAbortedAfterItsEnd { get; private set; }

        public CancellationToken RequestAborted
        {
            get => _gone.Token;
            set => throw new NotSupportedException();
        }

        public HttpContext RequestTo(WebApplication app)
        {
            var context = new DefaultHttpContext { RequestServices = app.Services };
            context.Features.Set<IHttpRequestLifetimeFeature>(this);
            context.Request.Method = "GET";
            context.Response.Body = new FullStream(_gone.Token);
            return context;
        }

        public void Leave() => _gone.Cancel();

        public void Abort()
        {
            Aborts++;
            IsAbortedAfterItsEnd |= Answer.IsCompleted;
            Aborting();
            _gone.Cancel();
        }
    }

    /// <summary>Accepts nothing until its subscriber has gone.</summary>
    private sealed class FullStream(CancellationToken gone) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, gone);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, gone);
    }
}
