using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>A door before the management surface that lets through who has the token; the page itself is open to all.</summary>
internal sealed class TokenDoor : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private readonly string _authorization;

    private TokenDoor(WebApplication app, Uri management, string token)
    {
        (_app, _http, _authorization) = (app, new HttpClient { BaseAddress = management, Timeout = Timeout.InfiniteTimeSpan }, $"Bearer {token}");
    }

    public Uri Address => new(_app.Urls.First());

    public static async Task<TokenDoor> OpenAsync(Uri management, string token)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var door = new TokenDoor(app, management, token);
        app.Run(door.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return door;
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
        var isOpen = context.Request.Path == "/" || context.Request.Path.StartsWithSegments("/dashboard", StringComparison.Ordinal);
        if (!isOpen && context.Request.Headers.Authorization != _authorization)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{context.Request.Path}{context.Request.QueryString}");
            request.Headers.TryAddWithoutValidation("Accept", context.Request.Headers.Accept.ToString());
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // Either side hung up, and so does this one.
            context.Abort();
        }
    }
}
