using System.Net;
using System.Net.Http.Headers;
using Cassini.Harness.Plans;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;

namespace Cassini.Harness.Health;

/// <summary>Asks a broker's management for a rehearsed failure.</summary>
internal sealed class FaultInjector : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly TimeProvider _time;

    public FaultInjector(TimeProvider time)
    {
        _time = time;
    }

    /// <exception cref="HarnessException">The broker refuses, or does not answer.</exception>
    public async Task InjectAsync(PlanBroker broker, PlanFault fault, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, _time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            var endpoint = fault.Endpoint is { } name ? $"?endpoint={Uri.EscapeDataString(name)}" : "";
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(broker.Management, $"faults/{fault.Fault}{endpoint}"));
            if (broker.TokenFile is { } file)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(file, limit.Token)).Trim());
            }

            using var response = await _http.SendAsync(request, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw new HarnessException($"broker {broker.Name} refuses the fault {fault.Fault}: {await WhyAsync(response, limit.Token)}");
            }
        }
        catch (HttpRequestException exception)
        {
            var why = SocketText.Of((exception.InnerException as System.Net.Sockets.SocketException)?.SocketErrorCode) ?? exception.Message;
            throw new HarnessException($"broker {broker.Name} cannot be asked for the fault {fault.Fault}: {why}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HarnessException($"{broker.TokenFile}: cannot be read: {exception.Message}", exception);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new HarnessException($"broker {broker.Name} did not answer in time when asked for the fault {fault.Fault}", exception);
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<string> WhyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var answer = response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.BadRequest or HttpStatusCode.ServiceUnavailable
            ? (await response.Content.ReadAsStringAsync(cancellation)).Trim()
            : "";

        return $"{(int)response.StatusCode} {PlainLine.Of(answer)}".TrimEnd();
    }
}
