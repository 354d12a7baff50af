using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Cassini.Tests.Mqtt;

/// <summary>
/// A packet as text, with everything in it: equal packets have equal texts, though their arrays are not the same (records
/// compare an ImmutableArray by reference).
/// </summary>
internal static class Structure
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Properties = new();

    public static string Of(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append('-');
                break;
            case string or Enum or bool:
                text.Append(CultureInfo.InvariantCulture, $"'{value}'");
                break;
            case IEnumerable<byte> bytes:
                text.Append("0x").Append(Convert.ToHexString([.. bytes]));
                break;
            case IEnumerable many:
                text.Append('[');
                foreach (var one in many)
                {
                    Append(text, one);
                    text.Append(' ');
                }

                text.Append(']');
                break;
            case IConvertible number:
                text.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            default:
                AppendRecord(text, value);
                break;
        }
    }

    private static void AppendRecord(StringBuilder text, object value)
    {
        text.Append(value.GetType().Name).Append('{');
        foreach (var property in Properties.GetOrAdd(value.GetType(), type => type.GetProperties()))
        {
            if (property.GetValue(value) is { } present)
            {
                text.Append(property.Name).Append('=');
                Append(text, present);
                text.Append(';');
            }
        }

        text.Append('}');
    }
}
