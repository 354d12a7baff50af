using System.Net;
using Cassini.Streams.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Cassini.Tests.Management.Dashboard;

/// <summary>A real server before the management surface: it passes requests on, but for those that a test takes over.</summary>
internal sealed class Front : IAsyncDisposable
{
    private readonly HttpClient _http = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly WebApplication _app;
    private volatile Func<HttpContext, Task<bool>> _takeOver = _ => Task.FromResult(false);
    private volatile CancellationTokenSource _cut = new();

    private Front(Uri management)
    {
        _http.BaseAddress = management;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    public Uri Address => new(_app.Urls.First());

    public static async Task<Front> StartAsync(Uri management)
    {
        var front = new Front(management);
        await front._app.StartAsync(TestContext.Current.CancellationToken);
        return front;
    }

    /// <summary>From now on this is asked first; where it says false the request is passed on.</summary>
    public void TakeOver(Func<HttpContext, Task<bool>> takeOver) => _takeOver = takeOver;

    /// <summary>Passes everything on again.</summary>
    public void LetPass()
    {
        _cut = new CancellationTokenSource();
        _takeOver = _ => Task.FromResult(false);
    }

    /// <summary>Breaks off every answer, and from now on every request.</summary>
    public void Cut()
    {
        _takeOver = context =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        _cut.Cancel();
    }

    /// <summary>Asks the management surface for what was asked for, and passes the answer on as it comes.</summary>
    public async Task PassOnAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), context.Request.Path + context.Request.QueryString);
        foreach (var name in new[] { "Accept", "Last-Event-ID" })
        {
            request.Headers.TryAddWithoutValidation(name, context.Request.Headers[name].ToString());
        }

        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers)
            .Where(header => header.Key is "Content-Type" or "X-Total-Count"))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await context.Response.StartAsync(context.RequestAborted);
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        await body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var cut = _cut.Token.Register(context.Abort);
        try
        {
            if (!await _takeOver(context))
            {
                await PassOnAsync(context);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or HttpRequestException
            && context.RequestAborted.IsCancellationRequested)
        {
            // The page has gone on.
        }
    }
}
