using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Cassini.Bench;

/// <summary>
/// The peer: a bare Kestrel endpoint that writes fixed bytes, and on /events writes them to every subscriber twenty
/// times a second.
/// </summary>
internal static class BareServer
{
    private static volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task RunAsync(string port, string body)
    {
        var bytes = Convert.FromBase64String(body);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenLocalhost(int.Parse(port, CultureInfo.InvariantCulture));
        });
        await using var app = builder.Build();
        app.Run(context => context.Request.Path == "/events" ? StreamAsync(context, bytes) : AnswerAsync(context, bytes));
        await app.StartAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        while (await timer.WaitForNextTickAsync())
        {
            Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }

    private static Task AnswerAsync(HttpContext context, byte[] bytes)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, 0, bytes.Length);
    }

    private static async Task StreamAsync(HttpContext context, byte[] bytes)
    {
        context.Response.ContentType = "text/event-stream";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await context.Response.Body.FlushAsync();
        while (!context.RequestAborted.IsCancellationRequested)
        {
            await _next.Task;
            await context.Response.Body.WriteAsync(bytes);
        }
    }
}
