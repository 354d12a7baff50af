using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Cassini.Streams.Feed;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Clients;

/// <summary>Sends requests to a management port, with the TLS and the token of its feed.</summary>
/// <param name="management">The base of the management URLs, ending in a slash.</param>
/// <param name="options">The access, as the feed has it.</param>
/// <param name="patience">How long an answer may take; 10 s by default.</param>
internal sealed class ManagementClient(Uri management, HealthFeedOptions options, TimeSpan? patience = null) : IDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new(HttpFeedTransport.HandlerOf(options)) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Sends a POST without a body.</summary>
    /// <param name="path">The path and the query, relative to the base.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <exception cref="ClientException">The broker refuses, cannot be reached, or does not answer in time.</exception>
    public Task PostAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, cancellation);

    /// <summary>Sends a request without a body.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path and the query, relative to the base.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ClientException">The broker refuses, cannot be reached, or does not answer in time.</exception>
    public Task<string> SendAsync(HttpMethod method, string path, CancellationToken cancellation) => AskAsync(
        method,
        path,
        async (response, limit) =>
        {
            using (response)
            {
                return await response.Content.ReadAsStringAsync(limit);
            }
        },
        cancellation);

    /// <summary>Reads an answer as it comes, because it may be long.</summary>
    /// <param name="path">The path and the query, relative to the base.</param>
    /// <param name="cancellation">Ends the request.</param>
    /// <returns>The answer, which has begun. Closing it closes the connection.</returns>
    /// <exception cref="ClientException">The broker refuses, cannot be reached, or does not begin to answer in time.</exception>
    public Task<Stream> OpenAsync(string path, CancellationToken cancellation) =>
        AskAsync(HttpMethod.Get, path, static (response, limit) => response.Content.ReadAsStreamAsync(limit), cancellation);

    public void Dispose() => _http.Dispose();

    private async Task<T> AskAsync<T>(
        HttpMethod method, string path, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(patience ?? AnswerTimeout, options.Time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        using var request = new HttpRequestMessage(method, new Uri(management, path));
        if (options.Token?.Invoke() is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                using (response)
                {
                    throw new ClientException($"refused: {await ReasonOfAsync(response, limit.Token)}", isLasting: true);
                }
            }

            return await read(response, limit.Token);
        }
        catch (HttpRequestException exception)
        {
            throw new ClientException(ReasonOf(exception), cause: exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ClientException("no answer in time", cause: exception);
        }
    }

    private static string ReasonOf(HttpRequestException exception) => exception switch
    {
        { InnerException: SocketException socket } => SocketText.Of(socket.SocketErrorCode)!,
        { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: var inner } when PlainAnswer.Is(inner) =>
            "answers without TLS; perhaps it is http, not https",
        { HttpRequestError: HttpRequestError.SecureConnectionError } => $"TLS failed: {ConnectionFailure.Innermost(exception)}",
        _ => ConnectionFailure.Innermost(exception),
    };

    private static async Task<string> ReasonOfAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var hasReason = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound
            or HttpStatusCode.BadRequest or HttpStatusCode.ServiceUnavailable;
        var text = hasReason
            ? (await response.Content.ReadAsStringAsync(cancellation)).Trim()
            : "";
        return $"{(int)response.StatusCode} {SafeText.Line(text)}".TrimEnd();
    }
}
