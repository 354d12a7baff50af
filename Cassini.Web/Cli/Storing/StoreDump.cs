using System.Text;
using System.Text.Json;
using Cassini.Streams.Store;
using Cassini.Streams.Store.Ledgers;
using Cassini.Streams.Store.Maintenance;
using Cassini.Web.Cli.Context;

namespace Cassini.Web.Cli.Storing;

/// <summary>Writes each group and each record of a journal as a JSON object on a line of its own.</summary>
internal sealed class StoreDump(TextWriter output, bool withoutPayloads)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly Dictionary<uint, string> _clients = [];

    /// <returns>Whether all groups could be read.</returns>
    /// <exception cref="IOException">The disk says no.</exception>
    public bool Write(StoredJournal journal, CancellationToken cancellationToken)
    {
        var isWhole = TryNumber(journal, "SELECT first FROM ledger", out var next);
        isWhole &= TryNumber(journal, "SELECT last FROM runs ORDER BY run DESC LIMIT 1", out var lastOfRun);
        using var salvage = new GroupSalvage(journal.Database);
        foreach (var group in salvage.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            isWhole &= WriteMissing(next, group.Number - 1);
            isWhole &= group.Problem is null ? WriteGroup(group) : WriteHole(group);
            next = group.Last == long.MaxValue ? null : group.Last + 1;
        }

        return WriteMissing(next, lastOfRun) && isWhole;
    }

    /// <summary>Groups that must be there and are not.</summary>
    /// <returns>Whether there is none.</returns>
    private bool WriteMissing(long? first, long? last) =>
        first is not { } from || last is not { } to || from > to || WriteHole(new SalvagedGroup(from, to, 0, default, "missing"));

    private static bool TryNumber(StoredJournal journal, string sql, out long? number)
    {
        try
        {
            number = journal.Database.Number(sql);
            return true;
        }
        catch (LedgerDamagedException)
        {
            number = null;
            return false;
        }
    }

    private bool WriteHole(SalvagedGroup hole)
    {
        output.WriteLine(JsonLine.Of(writer =>
        {
            writer.WriteNumber("group", hole.Number);
            if (hole.Last is > 0 and < long.MaxValue && hole.Last != hole.Number)
            {
                writer.WriteNumber("to", hole.Last);
            }

            writer.WriteString("problem", hole.Problem);
        }));
        return false;
    }

    private bool WriteGroup(SalvagedGroup group)
    {
        IReadOnlyList<JournalRecord> records;
        string? problem = null;
        try
        {
            records = RecordDecoder.Read(group.Number, group.Bytes.Span);
        }
        catch (JournalFormatException wrong)
        {
            problem = wrong.Message;
            records = RecordDecoder.Guess(group.Bytes.Span);
        }

        var time = group.Bytes.Length < GroupFormat.HeaderSize ? DateTimeOffset.MinValue : GroupFormat.TimeOf(group.Bytes.Span);
        output.WriteLine(JsonLine.Of(writer =>
        {
            writer.WriteNumber("group", group.Number);
            writer.WriteString("writtenAt", LedgerContent.Text(time));
            writer.WriteNumber("bytes", group.Bytes.Length);
            writer.WriteNumber("records", records.Count);
            if (problem is not null)
            {
                writer.WriteString("problem", problem);
                writer.WriteString("note", "its records are a guess");
            }
        }));
        foreach (var record in records)
        {
            if (record is { Type: RecordType.Session, Session: { } session, ClientId: { } client } && problem is null)
            {
                _clients[session] = client;
            }

            output.WriteLine(JsonLine.Of(writer => WriteRecord(writer, group.Number, record)));
        }

        return problem is null;
    }

    private void WriteRecord(Utf8JsonWriter writer, long group, JournalRecord record)
    {
        writer.WriteNumber("group", group);
        writer.WriteString("record", JsonNamingPolicy.CamelCase.ConvertName(record.Type.ToString()));
        if (record.Session is { } session)
        {
            writer.WriteNumber("session", session);
        }

        Text(writer, "clientId", record.ClientId ?? (record.Session is { } number ? _clients.GetValueOrDefault(number) : null));
        Text(writer, "identity", record.Identity);
        Number(writer, "expirySeconds", record.ExpirySeconds);
        if (record.IsConnected is { } connected)
        {
            writer.WriteBoolean("isConnected", connected);
        }

        if (record.At is { } at)
        {
            writer.WriteString(record.Type == RecordType.Presence ? "at" : "expiresAt", LedgerContent.Text(at));
        }

        Text(writer, "filter", record.Filter ?? record.Subscription?.Filter);
        Number(writer, "will", record.Will);
        Number(writer, "sequence", record.Sequence);
        Number(writer, "packetId", record.PacketId);
        Number(writer, "count", record.Count);
        Text(writer, "state", record.State is { } state ? JsonNamingPolicy.CamelCase.ConvertName(state.ToString()) : null);
        Number(writer, "body", record.Body);
        Text(writer, "share", record.Share);
        Text(writer, "topic", record.Topic);
        WritePayload(writer, record.Payload);
        if (record.Properties is { Length: > 0 } properties)
        {
            writer.WriteBase64String("propertiesBase64", properties);
        }

        Number(writer, "qos", (int?)(record.QoS ?? record.Subscription?.QoS));
        Flag(writer, "retain", record.Retain);
        Flag(writer, "isOfBurst", record.IsOfBurst);
        Flag(writer, "noLocal", record.Subscription?.NoLocal is true);
        Flag(writer, "retainAsPublished", record.Subscription?.RetainAsPublished is true);
        Number(writer, "expiry", record.Expiry);
        Number(writer, "delay", record.Delay);
        Identifiers(writer, record.Subscription is { } subscription ? subscription.Identifiers : record.Identifiers);
    }

    private void WritePayload(Utf8JsonWriter writer, byte[]? payload)
    {
        if (payload is null)
        {
            return;
        }

        if (withoutPayloads)
        {
            writer.WriteNumber("payloadBytes", payload.Length);
            return;
        }

        try
        {
            writer.WriteString("payload", Strict.GetString(payload));
        }
        catch (DecoderFallbackException)
        {
            writer.WriteBase64String("payloadBase64", payload);
        }
    }

    private static void Identifiers(Utf8JsonWriter writer, IReadOnlyList<int> identifiers)
    {
        if (identifiers.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("identifiers");
        foreach (var identifier in identifiers)
        {
            writer.WriteNumberValue(identifier);
        }

        writer.WriteEndArray();
    }

    private static void Text(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    private static void Number(Utf8JsonWriter writer, string name, long? number)
    {
        if (number is { } value)
        {
            writer.WriteNumber(name, value);
        }
    }

    private static void Flag(Utf8JsonWriter writer, string name, bool isSet)
    {
        if (isSet)
        {
            writer.WriteBoolean(name, true);
        }
    }
}
