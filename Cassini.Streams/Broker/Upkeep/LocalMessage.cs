using Cassini.Streams.Broker.Model;

namespace Cassini.Streams.Broker.Upkeep;

/// <summary>A message as a subscriber in this process receives it.</summary>
/// <param name="Message">The message; its payload may be cut.</param>
/// <param name="Size">How many bytes the whole payload has.</param>
/// <param name="ReceivedAt">When it was published: a timestamp; null when it was retained before.</param>
/// <param name="Cost">About how much memory it takes while it waits, in bytes.</param>
internal readonly record struct LocalMessage(MqttMessage Message, int Size, long? ReceivedAt, int Cost);

/// <summary>How much waits for a subscriber in this process at most. What comes beyond that is dropped.</summary>
/// <param name="Messages">Messages.</param>
/// <param name="Bytes">The memory that they take.</param>
/// <param name="Payload">Bytes of a payload that are kept; of a longer one the rest is cut off.</param>
internal readonly record struct LocalLimits(int Messages, long Bytes, int Payload = int.MaxValue);
