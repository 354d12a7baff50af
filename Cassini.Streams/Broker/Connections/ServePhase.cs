using Cassini.Streams.Broker.Delivery;
using Cassini.Streams.Broker.Durable;
using Cassini.Streams.Broker.Model;
using Cassini.Streams.Events;
using Cassini.Streams.Mqtt;
using Cassini.Streams.Primitives;
using Cassini.Streams.Quotas;

namespace Cassini.Streams.Broker.Connections;

/// <summary>
/// Reads the packets of a client that was accepted, batch after batch, until the connection ends. A batch that is much work is handled in
/// slices, and others have the thread between them. A client whose identity is busy handles each slice in its turn. The first slice after
/// a wait for the client runs on the socket's thread, if .NET goes on there (<see cref="SocketThread"/>), the others never. Thread-safe.
/// </summary>
internal sealed class ServePhase(BrokerOptions options, Durability durability, Intake intake, IdentityWork work, TimeProvider time)
{
    /// <summary>How long the slices of one batch may hold back what they left in outboxes.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(25);

    /// <summary>Serves one client, which then leaves its session. On the connection's reader.</summary>
    /// <remarks>One method, not several: each that waits for the client is an object for as long as the client is idle.</remarks>
    public async Task RunAsync(ClientLink link, PacketHandler handler, ReceiveBuffer input, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        var heldSince = 0L;
        var ticket = 0L;
        AwaitList? elsewhere = null;
        intake.Enter(link.Connection);
        link.Connection.Transport.StaysOnSocketThread = true;
        try
        {
            while (true)
            {
                var isBusy = work.IsBusy(Account(link));
                if (isBusy)
                {
                    // A message that has begun comes to all its subscribers, whatever ends the connection.
                    await AwaitTurnAsync(link, handler.IsDelivering ? CancellationToken.None : cancellationToken);
                }

                var step = Handle(link, handler, input, isInTurn: isBusy, ref ticket, ref elsewhere, out var needed);
                if (step != Step.GoOn || IsFlushDue(link, ref heldSince))
                {
                    heldSince = 0;
                    if (handler.HasAnswers)
                    {
                        var after = link.IsAnsweredAtOnce ? 0 : ticket;
                        if (handler.HasRetained)
                        {
                            // They follow their SUBACK.
                            await AwaitAsync(link, after, elsewhere, cancellationToken);
                        }

                        handler.SendAnswers(after, elsewhere);
                        link.Flushes.Flush();
                        handler.SendRetained();
                    }

                    link.Flushes.Flush();
                }

                if (step == Step.Close)
                {
                    return;
                }

                if (step == Step.GoOn || (isBusy && ThreadPool.PendingWorkItemCount > 0))
                {
                    // What has come already is read without a wait: a client that sends without end would never give the thread back.
                    await Task.Yield();

                    // Nobody waits for the rest of a peer that is gone, but a message that has begun comes to all its subscribers.
                    if (link.IsClosing && !handler.IsDelivering)
                    {
                        return;
                    }
                }

                if (handler.IsDelivering)
                {
                    continue;
                }

                var (isDurable, sentElsewhere) = (ticket > 0, elsewhere);
                if (!handler.HasAnswers)
                {
                    ticket = 0;
                    elsewhere = null;
                }

                if (link.Answers.IsFull)
                {
                    await link.HoldBackAsync(() => link.Answers.WhenRoomAsync().WaitAsync(cancellationToken));
                }

                if (isDurable)
                {
                    // Who changes nothing that is stored goes on, however much waits for the disk.
                    await AwaitAsync(link, durability.Room, null, cancellationToken);
                }

                if (sentElsewhere is { HasRoom: false })
                {
                    // Nor does a node that takes nothing hold up those who have nothing for it.
                    await link.HoldBackAsync(() => sentElsewhere.WhenRoomAsync(cancellationToken));
                }

                if (step is not (Step.ReadOn or Step.GoOn) || link.Outbox.IsOverLimit)
                {
                    await HoldBackAsync(step, link, handler.Admission, cancellationToken);
                }
                else if (step != Step.ReadOn)
                {
                    // More of what was received follows.
                }
                else if (!input.MayFill(needed) && !await WaitForMemoryAsync(link, input, needed, cancellationToken))
                {
                    link.Close(NoMemory(needed));
                    return;
                }
                else
                {
                    var filling = input.FillAsync(needed, cancellationToken);
                    if (filling.IsCompleted)
                    {
                        // A client that sends without end would keep the socket's thread.
                        await SocketThread.LeaveAsync();
                    }

                    if (!await filling)
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception thrown)
        {
            failure = thrown;
            throw;
        }
        finally
        {
            // Whatever ended the batch, what it left in other outboxes must not wait for a flush that never comes.
            link.Flushes.Flush();
            link.Connection.Transport.StaysOnSocketThread = false;
            intake.Leave(link.Connection);
            link.Connection.EndBatch();
            await SocketThread.LeaveAsync();
            await handler.LeaveAsync(failure);
        }
    }

    /// <summary>The end of a connection for whose packet there is no memory.</summary>
    public static CloseOrder NoMemory(int size) => new(
        ReasonCode.QuotaExceeded, CloseReason.OutOfMemory, $"there is no memory for a packet of {size:N0} bytes");

    /// <summary>A packet is longer than what was read of it, and its identity may take no more memory: waits until it may.</summary>
    private async Task<bool> WaitForMemoryAsync(ClientLink link, ReceiveBuffer input, int needed, CancellationToken cancellationToken)
    {
        await link.HoldBackAsync(() => link.Connection.Memory.WaitAsync(options.MemoryPatience, time, cancellationToken));
        return input.MayFill(needed);
    }

    private static Account Account(ClientLink link) => link.Connection.Transport.Account;

    /// <summary>Waits for the turn of a busy identity. Meanwhile nothing is read: the client is not silent.</summary>
    private Task AwaitTurnAsync(ClientLink link, CancellationToken cancellationToken)
    {
        if (work.TryEnter())
        {
            return Task.CompletedTask;
        }

        // Before it waits: what fails between the wait and the piece would keep the turn for ever.
        link.Flushes.Flush();
        return link.HoldBackAsync(() => work.EnterAsync(Account(link), cancellationToken));
    }

    /// <summary>
    /// Whether what earlier slices of a batch left in outboxes must be sent before the next one. As a rule a whole batch is sent together,
    /// because few large writes cost much less than many small ones.
    /// </summary>
    private bool IsFlushDue(ClientLink link, ref long heldSince)
    {
        var now = time.GetTimestamp();
        heldSince = heldSince == 0 ? now : heldSince;
        return link.Flushes.Count >= WorkSlice.MostFlushes || time.GetElapsedTime(heldSince, now) >= LongestHold;
    }

    /// <summary>Handles what was received, as far as one slice allows, and ends the turn.</summary>
    private Step Handle(
        ClientLink link, PacketHandler handler, ReceiveBuffer input, bool isInTurn, ref long ticket, ref AwaitList? elsewhere,
        out int needed)
    {
        using (work.Begin(Account(link), isInTurn))
        {
            link.Connection.BeginBatch();
            if (link.IsClosing && !handler.IsDelivering)
            {
                // What else has come is not handled: it is not acknowledged, and another connection may have the session.
                needed = 0;
                link.Connection.EndBatch();
                return Step.Close;
            }

            Durability.TakeNoted();
            AwaitList.TakeNoted();
            var step = handler.Handle(input, out needed);
            ticket = Math.Max(ticket, Durability.TakeNoted());
            elsewhere = AwaitList.Merge(elsewhere, AwaitList.TakeNoted());
            if (!handler.IsDelivering)
            {
                link.Connection.EndBatch();
            }

            return step;
        }
    }

    private static Task HoldBackAsync(Step step, ClientLink link, Admission admission, CancellationToken cancellationToken) =>
        step switch
        {
            Step.AwaitMemory => link.HoldBackAsync(() => admission.WaitForMemoryAsync(cancellationToken)),
            Step.AwaitRate => link.HoldBackAsync(() => admission.WaitForRateAsync(cancellationToken)),
            _ => link.HoldBackByAnswersAsync(cancellationToken),
        };

    /// <summary>Waits for a ticket, and for other nodes. Meanwhile nothing is read: the client is not silent.</summary>
    private Task AwaitAsync(ClientLink link, long ticket, AwaitList? elsewhere, CancellationToken cancellationToken) =>
        durability.IsReached(ticket) && elsewhere is not { IsReached: false }
            ? Task.CompletedTask
            : link.HoldBackAsync(async () =>
            {
                await durability.WhenReachedAsync(ticket, cancellationToken).ConfigureAwait(false);
                await (elsewhere?.WhenReachedAsync(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            });
}
