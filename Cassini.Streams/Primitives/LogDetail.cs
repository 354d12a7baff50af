namespace Cassini.Streams.Primitives;

/// <summary>The last part of a log message, which may be missing: then the message ends before it, without a blank.</summary>
/// <param name="Text">The text, made safe already; null or empty for none.</param>
internal readonly record struct LogDetail(string? Text)
{
    /// <summary>So that a log method takes a text as it is.</summary>
    public static implicit operator LogDetail(string? text) => new(text);

    public override string ToString() => string.IsNullOrEmpty(Text) ? "" : $": {Text}";
}
