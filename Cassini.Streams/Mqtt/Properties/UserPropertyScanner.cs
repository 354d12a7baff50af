using System.Buffers.Binary;

namespace Cassini.Streams.Mqtt.Properties;

/// <summary>
/// Finds the user properties among the encoded properties of a PUBLISH. The PUBLISH was already read, so they are well-formed.
/// Allocates nothing.
/// </summary>
internal ref struct UserPropertyScanner(ReadOnlySpan<byte> properties)
{
    private readonly ReadOnlySpan<byte> _properties = properties;
    private int _next;

    /// <summary>The offset of the found property, including its identifier.</summary>
    public int At { get; private set; }

    /// <summary>The length of the found property, including its identifier.</summary>
    public readonly int Length => _next - At;

    public ReadOnlySpan<byte> Name { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Moves to the next user property.</summary>
    /// <returns>False when there is none.</returns>
    public bool MoveNext()
    {
        while (_next < _properties.Length)
        {
            At = _next++;
            switch ((PropertyId)_properties[At])
            {
                case PropertyId.UserProperty:
                    Name = Take();
                    Value = Take();
                    return true;
                case PropertyId.PayloadFormatIndicator:
                    _next++;
                    break;
                case PropertyId.TopicAlias:
                    _next += sizeof(ushort);
                    break;
                case PropertyId.MessageExpiryInterval:
                    _next += sizeof(uint);
                    break;
                case PropertyId.SubscriptionIdentifier:
                    _next += VariableByteInteger.Read(_properties[_next..], out _);
                    break;
                default:
                    // Content type, response topic and correlation data.
                    Take();
                    break;
            }
        }

        return false;
    }

    private ReadOnlySpan<byte> Take()
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(_properties[_next..]);
        var text = _properties.Slice(_next + sizeof(ushort), length);
        _next += sizeof(ushort) + length;
        return text;
    }
}
