using System.Collections.Concurrent;
using System.Net;
using Cassini.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Cassini.Tests.Docs.Controllers;

/// <summary>
/// A reverse proxy before a Cassini, as a page needs one; and where a test sees what a recipe asks, and cuts its connection.
/// </summary>
internal sealed class FrontDoor : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly string _cassini;
    private readonly ConcurrentQueue<(string Path, string? LastEventId)> _requests = new();
    private readonly ConcurrentBag<HttpContext> _feeds = [];

    private FrontDoor(WebApplication app, string cassini)
    {
        (_app, _cassini) = (app, cassini);
    }

    public string Url => _app.Urls.First();

    /// <summary>What is served at /.</summary>
    public string Page { get; set; } = "";

    /// <summary>What Cassini gets instead of the id that a client sends, to make it answer with a reset.</summary>
    public string? ForgedLastEventId { get; set; }

    public IReadOnlyCollection<(string Path, string? LastEventId)> Requests => _requests;

    public static async Task<FrontDoor> OpenAsync(string cassini)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var door = new FrontDoor(app, cassini);
        app.Run(door.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return door;
    }

    public Task AskedAsync(string step, Func<(string Path, string? LastEventId), bool> condition) =>
        Eventually.HoldsAsync(step, () => _requests.Any(condition), TimeSpan.FromSeconds(60));

    /// <summary>Cuts every feed in the middle.</summary>
    public void CutFeeds()
    {
        while (_feeds.TryTake(out var feed))
        {
            feed.Abort();
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/")
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(Page, context.RequestAborted);
            return;
        }

        var lastEventId = context.Request.Headers["Last-Event-ID"].FirstOrDefault();
        _requests.Enqueue((context.Request.Path + context.Request.QueryString, lastEventId));
        try
        {
            await ForwardAsync(context, lastEventId);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // Either side closed the connection, so this side closes it too.
            context.Abort();
        }
    }

    private async Task ForwardAsync(HttpContext context, string? lastEventId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_cassini}{context.Request.Path}{context.Request.QueryString}");
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", ForgedLastEventId ?? lastEventId);
        }

        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        if (answer.Headers.RetryAfter is { } retry)
        {
            context.Response.Headers.RetryAfter = retry.ToString();
        }

        if (context.Request.Path == "/events")
        {
            _feeds.Add(context);
        }

        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[4096];
        while (await body.ReadAsync(buffer, context.RequestAborted) is > 0 and var read)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
