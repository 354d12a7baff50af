using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Reactive.Linq;
using Cassini.Management;
using Cassini.Management.Http;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;
using Cassini.Tests.Integration;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cassini.Tests.Management.Access;

/// <summary>A page of another site, in a browser on this machine.</summary>
public class OtherSiteTests
{
    [Fact]
    public async Task Page_OfAnotherSiteInARealBrowser_ChangesNothing()
    {
        Programs.Require("chromium");
        await using var broker = await RunningBroker.ReadyAsync();
        await using var client = await broker.ConnectAsync();
        var session = broker.Host.Connections.List().ShouldHaveSingleItem().Id;
        await using var app = ManagementApp.Create(
            ManagedBroker.Of(broker.Host),
            new ManagementOptions { Address = "127.0.0.1:0", EnableFaults = true, ShutdownToken = "a-shutdown-token-for-tests" },
            NullLoggerFactory.Instance,
            TimeProvider.System);
        var answered = new ConcurrentQueue<string>();
        using var observation = app.Services.GetRequiredService<DiagnosticListener>()
            .Where(diagnostic => diagnostic.Key == "Microsoft.AspNetCore.Hosting.HttpRequestIn.Stop")
            .Select(diagnostic => (HttpContext)diagnostic.Value!)
            .Subscribe(context => answered.Enqueue($"{context.Request.Method} {context.Request.Path} {context.Response.StatusCode}"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        var management = ManagementApp.AddressOf(app);
        await using var site = await ServeAsync(Page(management, session));
        await using var browser = await Browser.OpenAsync(site.Urls.First());
        await Eventually.BecomesAsync(
            "the page has tried everything", async () => (await browser.RunAsync("return document.title")).GetString(),
            title => title == "TypeError,TypeError,TypeError");

        // The browser asks whether it may send a DELETE, and never sends it.
        await Eventually.HoldsAsync("all were answered", () => answered.Count >= 3);
        answered.ShouldBe(["POST /faults/crash-manager 403", "POST /drain 403", $"OPTIONS /connections/{session} 403"], ignoreOrder: true);
        broker.Events().Select(envelope => envelope.Event).OfType<Crashed>().ShouldBeEmpty();
        broker.Now.Phase.ShouldBe(Phase.Ready);
        broker.Host.Connections.TryGet(session, out _).ShouldBeTrue();

        // A request that no page of another site made does what the page could not.
        using var http = new HttpClient { BaseAddress = management };
        (await http.PostAsync("/faults/crash-manager", null, TestContext.Current.CancellationToken)).StatusCode
            .ShouldBe(HttpStatusCode.Accepted);
        await broker.HappensAsync<Crashed>("the manager crashes");
        (await http.DeleteAsync($"/connections/{session}", TestContext.Current.CancellationToken)).StatusCode
            .ShouldBe(HttpStatusCode.Accepted);
        await Eventually.HoldsAsync("the session is gone", () => !broker.Host.Connections.TryGet(session, out _));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private static string Page(Uri management, long session) => $$"""
        <!doctype html>
        <title>another site</title>
        <script type="module">
          const tries = [
            ['/faults/crash-manager', { method: 'POST', mode: 'no-cors' }],
            ['/drain', { method: 'POST', mode: 'no-cors' }],
            ['/connections/{{session}}', { method: 'DELETE' }],
          ];
          const outcomes = [];
          for (const [path, options] of tries) {
            const answer = fetch('{{management.GetLeftPart(UriPartial.Authority)}}' + path, options);
            outcomes.push(await answer.then(answer => answer.type, error => error.name));
          }

          document.title = outcomes.join();
        </script>
        """;

    private static async Task<WebApplication> ServeAsync(string page)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync(page, context.RequestAborted);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
