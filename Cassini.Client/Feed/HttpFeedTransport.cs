using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Cassini.Streams.Events;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Feed;

/// <summary>A feed over HTTP. It connects directly to its broker: no proxy, no redirect.</summary>
internal sealed class HttpFeedTransport : IFeedTransport
{
    /// <summary>What a refusal says when the broker asks for credentials and the options have none.</summary>
    public const string NoCredentials = "asks for credentials, and none were given";

    private const string Authorization = "Authorization";
    private const int LongestRefusal = 1024;
    private const int LargestState = 16 * 1024 * 1024;
    private readonly Uri _management;
    private readonly Uri _events;
    private readonly HealthFeedOptions _options;
    private readonly HttpClient _http;

    public HttpFeedTransport(Uri management, HealthFeedOptions options)
    {
        _management = management;
        _events = new Uri(management, "events");
        _options = options;
        _http = new HttpClient(HandlerOf(options))
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestState,
        };
    }

    public Task<Stream> OpenAsync(EventId? after, IReadOnlyCollection<EventCategory> categories, CancellationToken cancellation) =>
        OpenAsync(UrlOf(categories), after, cancellation);

    public Task<Stream> OpenFleetAsync(EventId? after, CancellationToken cancellation) =>
        OpenAsync(new Uri(_management, "fleet"), after, cancellation);

    public async Task<byte[]> ReadStateAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var request = Get(new Uri(_management, "state"));
        try
        {
            using var response = await _http.SendAsync(request, either.Token).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException("no answer in time");
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Connections to a management port with the TLS of these options.</summary>
    internal static SocketsHttpHandler HandlerOf(HealthFeedOptions options) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectTimeout = options.ConnectTimeout,

        // A feed has no end to wait for, so disposing it must close the connection.
        MaxResponseDrainSize = 0,
        SslOptions = TlsOf(options),
    };

    private async Task<Stream> OpenAsync(Uri url, EventId? after, CancellationToken cancellation)
    {
        using var request = Get(url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (after is { } id)
        {
            request.Headers.Add("Last-Event-ID", id.ToString());
        }

        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            {
                // Closing the stream closes the connection, and so the response.
                return await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            }

            using (response)
            {
                throw await RefusalOfAsync(response, cancellation).ConfigureAwait(false);
            }
        }
        catch (HttpRequestException failure)
        {
            throw LossOf(failure);
        }
    }

    private HttpRequestMessage Get(Uri url)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (_options.Token?.Invoke() is { } token)
        {
            request.Headers.TryAddWithoutValidation(Authorization, $"Bearer {token}");
        }

        return request;
    }

    private static SslClientAuthenticationOptions TlsOf(HealthFeedOptions options)
    {
        // A context is presented regardless of the authorities that the broker names, and the broker names none.
        var tls = new SslClientAuthenticationOptions { ClientCertificateContext = options.ClientCertificate };
        if (options.TrustedAuthorities.Count > 0)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,

                // The chain is complete or not of these authorities: nothing is fetched from the address that the certificate names.
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(options.TrustedAuthorities);
            tls.CertificateChainPolicy = policy;
        }

        return tls;
    }

    private async Task<FeedLostException> RefusalOfAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var code = (int)response.StatusCode;
        return response.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new FeedLostException(
                FeedLoss.Refused,
                SafeText.Line(
                    $"{WordsOf(response)} ({code} {response.ReasonPhrase})"
                    + await WhyAsync(response, cancellation).ConfigureAwait(false))),
            HttpStatusCode.ServiceUnavailable => new FeedLostException(
                FeedLoss.Busy,
                await TextOfAsync(response, cancellation).ConfigureAwait(false) is { Length: > 0 } why
                    ? $"serves no feed now (503: {SafeText.Line(why)})"
                    : "serves no feed now (503)"),
            _ => new FeedLostException(
                FeedLoss.NotCassini,
                SafeText.Line(
                    $"answers, but not as Cassini does ({code} {response.Content.Headers.ContentType?.MediaType ?? "without a body"})")),
        };
    }

    private string WordsOf(HttpResponseMessage refusal) => refusal switch
    {
        { StatusCode: HttpStatusCode.Forbidden } => "refuses this client",
        { RequestMessage.Headers: var sent } when !sent.Contains(Authorization) && _options.ClientCertificate is null => NoCredentials,
        _ => "does not accept the credentials",
    };

    /// <summary>The sentence that a Cassini adds to its refusal.</summary>
    private static async Task<string> WhyAsync(HttpResponseMessage refusal, CancellationToken cancellation) =>
        refusal.Content.Headers.ContentType?.MediaType == "text/plain"
            && (await TextOfAsync(refusal, cancellation).ConfigureAwait(false)).Trim() is { Length: > 0 } why
            ? $": {why}"
            : "";

    /// <summary>The body of a refusal; empty when it cannot be read, because the status alone says that the broker refused.</summary>
    private static async Task<string> TextOfAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var bytes = new byte[LongestRefusal];
        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            return Encoding.UTF8.GetString(bytes, 0, length);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            return "";
        }
    }

    private static string CauseOf(HttpRequestException failure) =>
        SocketText.Of((failure.InnerException as SocketException)?.SocketErrorCode) ?? SafeText.Line(failure.Message);

    private FeedLostException LossOf(HttpRequestException failure) => failure.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => new FeedLostException(FeedLoss.Unreachable, "not reachable (no such host)"),
        HttpRequestError.ConnectionError => new FeedLostException(FeedLoss.Unreachable, $"not reachable ({CauseOf(failure)})"),
        HttpRequestError.SecureConnectionError when PlainAnswer.Is(failure.InnerException) => new FeedLostException(
            FeedLoss.TlsFailed, "answers without TLS; perhaps it is http, not https"),
        HttpRequestError.SecureConnectionError => new FeedLostException(
            FeedLoss.TlsFailed, SafeText.Line($"answers, but TLS failed ({(failure.InnerException ?? failure).Message})")),
        _ when _management.Scheme == Uri.UriSchemeHttp && IsClosed(failure) => new FeedLostException(
            FeedLoss.NotCassini,
            "closes the connection when it is asked over HTTP; perhaps it speaks TLS, as the port for MQTT clients does"),
        HttpRequestError.ResponseEnded => new FeedLostException(FeedLoss.NotCassini, "closed the connection without an answer"),
        _ => new FeedLostException(FeedLoss.NotCassini, SafeText.Line($"answers, but not as Cassini does ({failure.Message})")),
    };

    private static bool IsClosed(HttpRequestException failure) => failure.HttpRequestError == HttpRequestError.ResponseEnded
        || failure.InnerException is IOException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionReset } };

    private Uri UrlOf(IReadOnlyCollection<EventCategory> categories)
    {
        var isAll = categories.Count == Enum.GetValues<EventCategory>().Length;
        var types = string.Join(',', categories.Select(category => category.ToString().ToLowerInvariant()));
        return isAll ? _events : new Uri($"{_events}?types={types}");
    }
}
