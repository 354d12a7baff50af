using System.Text;
using System.Text.Unicode;

namespace Cassini.Streams.Mqtt;

/// <summary>UTF-8 Encoded Strings (MQTT 5.0 §1.5.4, 3.1.1 §1.5.3).</summary>
internal static class MqttText
{
    public const int MaxBytes = ushort.MaxValue;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Whether the bytes are well-formed UTF-8 without surrogates [MQTT-1.5.4-1] and without U+0000 [MQTT-1.5.4-2]. A byte order mark is an
    /// ordinary character [MQTT-1.5.4-3].
    /// </summary>
    public static bool IsValid(ReadOnlySpan<byte> text) => !text.Contains((byte)0) && Utf8.IsValid(text);

    public static string Decode(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    /// <summary>Encodes a text of this process, which may be none that MQTT can carry.</summary>
    /// <returns>False when it has U+0000, an unpaired surrogate, or more than <see cref="MaxBytes"/> bytes.</returns>
    public static bool TryEncode(string text, out byte[] utf8)
    {
        utf8 = [];
        if (text.Length > MaxBytes)
        {
            return false;
        }

        try
        {
            utf8 = Encode(text);
        }
        catch (ArgumentException)
        {
            return false;
        }

        return utf8.Length <= MaxBytes && IsValid(utf8);
    }

    /// <exception cref="ArgumentException">The text has an unpaired surrogate.</exception>
    public static byte[] Encode(string text) => Strict.GetBytes(text);
}
