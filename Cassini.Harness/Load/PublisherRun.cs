using Cassini.Harness.Plans;

namespace Cassini.Harness.Load;

/// <summary>A publisher with all its clients.</summary>
internal sealed class PublisherRun(LoadContext context, PlanPublisher publisher)
{
    private readonly PublisherClient[] _clients =
        [.. Enumerable.Range(0, publisher.Clients).Select(client => new PublisherClient(context, publisher, client))];

    private long? _began;
    private TimeSpan? _elapsed;

    public PlanPublisher Plan => publisher;

    public PublisherCounts Counts
    {
        get
        {
            var counts = Array.ConvertAll(_clients, client => client.Counts);
            return new PublisherCounts
            {
                Sent = counts.Sum(client => client.Sent),
                Acknowledged = counts.Sum(client => client.Acknowledged),
                Failed = counts.Sum(client => client.Failed),
                Retransmitted = counts.Sum(client => client.Retransmitted),
                Reconnects = counts.Sum(client => client.Reconnects),
                Bytes = counts.Sum(client => client.Bytes),
                Elapsed = _elapsed ?? (_began is { } began ? context.Time.GetElapsedTime(began) : TimeSpan.Zero),
                OfClients = [.. counts.Select(client => client.Sent)],
                LastError = counts.Select(client => client.LastError).FirstOrDefault(error => error is not null),
            };
        }
    }

    public Task ConnectAsync(CancellationToken cancellation) => Task.WhenAll(_clients.Select(client => client.ConnectAsync(cancellation)));

    public async Task RunAsync(CancellationToken cancellation)
    {
        var began = context.Time.GetTimestamp();
        _began = began;
        try
        {
            await Task.WhenAll(_clients.Select(client => Task.Run(() => client.RunAsync(cancellation), CancellationToken.None)));
        }
        finally
        {
            _elapsed = context.Time.GetElapsedTime(began);
        }
    }

    public Task CloseAsync() => Task.WhenAll(_clients.Select(client => client.CloseAsync()));
}
