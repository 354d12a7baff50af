using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Connections;

/// <summary>Reads the packets of a client that was accepted, batch after batch, until the connection ends. Thread-safe.</summary>
internal sealed class ServePhase(IBrokerStore store)
{
    /// <summary>Serves one client. On the connection's reader.</summary>
    public async Task RunAsync(ClientLink link, PacketHandler handler, ReceiveBuffer input, CancellationToken cancellationToken)
    {
        var flushes = link.Flushes;
        while (true)
        {
            link.Connection.BeginBatch();
            var step = handler.Handle(input, out var needed);
            link.Connection.EndBatch();
            if (handler.HasAnswers)
            {
                // What is acknowledged is safe first.
                await CommitAsync(link);
                handler.SendAnswers();
                flushes.Flush();
                handler.SendRetained();
            }

            flushes.Flush();
            switch (step)
            {
                case Step.Close:
                    return;
                case Step.AwaitMemory:
                    await link.HoldBackAsync(() => handler.Admission.WaitForMemoryAsync(cancellationToken));
                    break;
                case Step.AwaitRate:
                    await link.HoldBackAsync(() => handler.Admission.WaitForRateAsync(cancellationToken));
                    break;
                default:
                    if (link.Outbox.IsOverLimit)
                    {
                        // Answers are never dropped, so a client that does not read them is not read from.
                        await link.HoldBackAsync(() => link.Outbox.WhenUnderLimitAsync().WaitAsync(cancellationToken));
                    }

                    if (!await input.FillAsync(needed, cancellationToken))
                    {
                        return;
                    }

                    break;
            }
        }
    }

    private async ValueTask CommitAsync(ClientLink link)
    {
        var commit = store.CommitAsync();
        if (commit.IsCompletedSuccessfully)
        {
            commit.GetAwaiter().GetResult();
        }
        else
        {
            var underWay = commit.AsTask();
            await link.HoldBackAsync(() => underWay);
        }
    }
}
