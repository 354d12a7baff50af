using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Asks probes. Goes straight to its target: no proxy, no redirect.</summary>
internal sealed class HealthClient : IDisposable
{
    /// <summary>A server that holds a request longer than it was asked to has stopped answering.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public HealthClient(TimeProvider time)
    {
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, ConnectTimeout = Grace })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = 1 << 20,
        };
    }

    /// <summary>One look. The server may hold it for <paramref name="hold"/> while the answer is no.</summary>
    public async Task<HealthAnswer> AskAsync(WaitTarget target, WaitGoal goal, TimeSpan hold, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(hold + Grace, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, UrlOf(target, goal, hold));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
            using var response = await _http.SendAsync(request, limit.Token);
            var body = await response.Content.ReadAsByteArrayAsync(limit.Token);
            return HealthAnswerReader.Read(goal, response.StatusCode, response.Content.Headers.ContentType?.MediaType, body);
        }
        catch (HttpRequestException exception)
        {
            return Unreachable(exception);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthAnswer(AnswerKind.None, "not reachable (no answer in time)");
        }
    }

    public void Dispose() => _http.Dispose();

    private static Uri UrlOf(WaitTarget target, WaitGoal goal, TimeSpan hold)
    {
        var probe = goal switch
        {
            WaitGoal.Ready => "readyz",
            WaitGoal.Live => "livez",
            _ => "healthz",
        };
        var wait = hold > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"?wait={(long)hold.TotalMilliseconds}ms") : "";
        return new Uri(target.Management, probe + wait);
    }

    private static HealthAnswer Unreachable(HttpRequestException exception) => exception.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => new HealthAnswer(AnswerKind.None, "not reachable (no such host)"),
        HttpRequestError.ConnectionError => new HealthAnswer(
            AnswerKind.None, $"not reachable ({SocketText.Of((exception.InnerException as SocketException)?.SocketErrorCode) ?? exception.Message})"),
        HttpRequestError.SecureConnectionError => new HealthAnswer(
            AnswerKind.Strange, $"answers, but TLS failed ({exception.InnerException?.Message ?? exception.Message})"),
        HttpRequestError.ResponseEnded => new HealthAnswer(AnswerKind.Strange, "hung up without an answer"),
        _ => new HealthAnswer(AnswerKind.Strange, $"answers, but not as Cassini does ({exception.Message})"),
    };
}
