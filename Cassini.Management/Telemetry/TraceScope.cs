using System.Collections;
using System.Diagnostics;

namespace Cassini.Management.Telemetry;

/// <summary>The trace of a log line, under the names that .NET's own tracking gives them.</summary>
internal sealed class TraceScope(ActivityContext context) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 2;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("SpanId", context.SpanId.ToHexString()),
        1 => new("TraceId", context.TraceId.ToHexString()),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"SpanId:{context.SpanId.ToHexString()}, TraceId:{context.TraceId.ToHexString()}";
}
