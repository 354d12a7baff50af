using Cassini.Streams.Broker.Model;
using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Store;

/// <summary>
/// The messages in one group after another. Each is made when the first copy needs it, because most may be needed by none. Not thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class GroupBodies(TimeProvider time)
{
    private readonly Dictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private readonly List<(int Position, int Size, StoredMessage? Message)> _bodies = [];

    /// <summary>When this began, UTC.</summary>
    public DateTimeOffset Utc { get; } = time.GetUtcNow();

    /// <summary>The same as a timestamp.</summary>
    public long Now { get; } = time.GetTimestamp();

    /// <summary>Another group begins.</summary>
    public void Clear() => _bodies.Clear();

    /// <summary>Notes the next message of the group, and skips it.</summary>
    public void Note(ref GroupReader reader)
    {
        var position = reader.Position;
        _bodies.Add((position, reader.SkipBody(), null));
    }

    /// <summary>How many bytes the topic, payload and properties of a message have.</summary>
    public int SizeOf(in CopyRecord copy) => At(copy).Size;

    /// <summary>The message of a copy.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="reader">Any of its group.</param>
    public StoredMessage Of(in CopyRecord copy, in GroupReader reader)
    {
        var (position, size, message) = At(copy);
        if (message is null)
        {
            var body = reader.At(position);
            message = Read(ref body);
            _bodies[copy.Body] = (position, size, message);
        }

        return message;
    }

    /// <summary>Reads a message. All of a topic share it.</summary>
    public StoredMessage Read(ref GroupReader reader)
    {
        var topic = TopicOf(reader.ReadText());
        var payload = reader.ReadBytes().ToArray();
        var properties = reader.ReadBytes().ToArray();
        var flags = (BodyFlags)reader.ReadByte();
        long? expiresAt = flags.HasFlag(BodyFlags.Expires)
            ? Now + (long)((DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadLong()) - Utc).TotalSeconds * time.TimestampFrequency)
            : null;
        return new StoredMessage(topic, payload, properties, (QualityOfService)(flags & BodyFlags.QoS), expiresAt)
        {
            Retain = flags.HasFlag(BodyFlags.Retain),
        };
    }

    private (int Position, int Size, StoredMessage? Message) At(in CopyRecord copy) => copy.Body < _bodies.Count
        ? _bodies[copy.Body]
        : throw new JournalFormatException($"a copy is of message {copy.Body}, and there are only {_bodies.Count}");

    private Topic TopicOf(string name)
    {
        if (!_topics.TryGetValue(name, out var topic))
        {
            _topics[name] = topic = new Topic(MqttText.Encode(name), isListed: false, Now);
        }

        return topic;
    }
}
