using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Net.Sockets;
using System.Text.Json;
using Cassini.Streams.Cluster;
using Cassini.Streams.Cluster.Fleet;
using Cassini.Streams.Events;
using Cassini.Streams.Feed;
using Cassini.Streams.Fleet;
using Cassini.Streams.Listening.Handshakes;
using Cassini.Streams.Primitives;
using Cassini.Streams.Tls;
using Cassini.Streams.Tls.Files;

namespace Cassini.Streams.Hosting;

/// <summary>
/// Reads <c>GET /fleet</c> of other nodes, with the trust and the credentials of the settings. The files are read again for each round, so
/// that renewed ones count.
/// </summary>
/// <param name="options">The settings.</param>
/// <param name="time">The one clock.</param>
internal sealed class PeerManagements(ClusterOptions options, TimeProvider time) : IFleetReader
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const int LargestAnswer = 1024 * 1024;

    public async Task<ImmutableArray<FleetAnswer>> AskAsync(ImmutableArray<NodeAddress> nodes, CancellationToken cancellationToken)
    {
        try
        {
            using var files = new ClientFiles(
                new NamedFile(ClusterSettings.ManagementCaPath, options.ManagementCaPath),
                new NamedFile(ClusterSettings.ManagementCertificatePath, options.ManagementCertificatePath),
                new NamedFile(ClusterSettings.ManagementKeyPath, options.ManagementKeyPath));
            var handler = HttpFeedTransport.HandlerOf(new HealthFeedOptions
            {
                ClientCertificate = files.Certificate,
                TrustedAuthorities = files.Authorities,
                ConnectTimeout = Patience,
                Time = time,
            });
            handler.ConnectCallback = ConnectAsync;
            using var http = new HttpClient(handler)
            {
                Timeout = Timeout.InfiniteTimeSpan,
                MaxResponseContentBufferSize = LargestAnswer,
            };
            http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypeNames.Application.Json));
            http.DefaultRequestHeaders.Authorization = Token() is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
            return [.. await Task.WhenAll(nodes.Select(node => AskAsync(http, node, cancellationToken))).ConfigureAwait(false)];
        }
        catch (Exception wrong) when (wrong is TlsConfigurationException or FormatException)
        {
            return [.. nodes.Select(node => new FleetAnswer(node, null, SafeText.Line(wrong.Message)))];
        }
    }

    /// <summary>A connection whose handshake, and the reading of whose answer, do not run on the socket's thread.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            await SocketThread.LeaveAsync();
            return new SocketStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<FleetAnswer> AskAsync(HttpClient http, NodeAddress node, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var root = new Uri(node.Management.EndsWith('/') ? node.Management : $"{node.Management}/");
            using var response = await http.GetAsync(new Uri(root, "fleet"), either.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return new FleetAnswer(node, null, $"it answers {(int)response.StatusCode}");
            }

            var body = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            return new FleetAnswer(node, JsonSerializer.Deserialize(body, FleetJson.Snapshot), "it answers nothing");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            return new FleetAnswer(
                node, null, failure is OperationCanceledException ? "no answer in time" : SafeText.Line(failure.Message));
        }
    }

    private string? Token() => options.ManagementTokenPath is { Length: > 0 } path
        ? TlsFile.Read(CertificateRole.Server, ClusterSettings.ManagementTokenPath, path).Text.Split('\n', 2)[0].TrimEnd('\r')
        : null;
}
