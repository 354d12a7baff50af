using Cassini.Streams.Mqtt;
using Cassini.Tests.Mqtt;

namespace Cassini.Fuzz;

/// <summary>
/// Feeds damaged packets to the codec, whole and in pieces, and asks <see cref="CodecJudge"/> whether the codec kept its promises.
/// The first input that breaks a promise is written as hexadecimal digits, with the values that repeat it.
/// </summary>
internal sealed class CodecFuzz
{
    /// <summary>A case takes far less than a millisecond: one that takes this long does not end.</summary>
    private static readonly TimeSpan CaseTimeout = TimeSpan.FromSeconds(10);

    private readonly FuzzOptions _options;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly Dictionary<string, long> _clauses = [];
    private long _number;
    private long _packets;
    private long _violations;
    private string? _fault;

    private CodecFuzz(FuzzOptions options)
    {
        _options = options;
        _number = options.From;
    }

    /// <returns>0 when every promise was kept, else 1.</returns>
    public static int Run(FuzzOptions options)
    {
        var fuzz = new CodecFuzz(options);
        var worker = new Thread(fuzz.Work) { IsBackground = true };
        worker.Start();
        for (var last = -1L; !worker.Join(CaseTimeout);)
        {
            if (Interlocked.Read(ref fuzz._number) is var now && now == last)
            {
                fuzz._fault ??= "it does not end";
                break;
            }

            last = now;
            fuzz.Report();
        }

        return fuzz.Conclude();
    }

    private void Work()
    {
        var last = _options.Cases == long.MaxValue ? long.MaxValue : _options.From + _options.Cases;
        while (_number < last && TimeProvider.System.GetElapsedTime(_started) < _options.Duration)
        {
            try
            {
                Judge(CodecCase.Generate(_options.Seed, _number));
            }
            catch (Exception exception)
            {
                // Any exception is a finding.
                _fault = exception.ToString();
                return;
            }

            Interlocked.Increment(ref _number);
        }
    }

    private void Judge(CodecCase one)
    {
        var whole = CodecJudge.Read(one.Input, one.Version, one.FromClient);
        Require(whole.Consumed <= one.Input.Length, "more was consumed than was there");
        _packets += whole.Packets.Count;
        if (whole.Status == FrameStatus.Violation)
        {
            _violations++;
            var violation = $"{whole.Violation.Clause} {(byte)whole.Violation.Reason:X2}";
            _clauses[violation] = _clauses.GetValueOrDefault(violation) + 1;
        }

        // As the first bytes of a connection, when the version is not known yet.
        CodecJudge.Read(one.Input, version: null, one.FromClient);

        var pieces = ReadInPieces(one);
        Require(
            pieces.Status == whole.Status && pieces.Violation == whole.Violation && pieces.Packets.SequenceEqual(whole.Packets),
            $"in pieces it is read otherwise: {pieces.Status} {pieces.Violation}, whole: {whole.Status} {whole.Violation}");
    }

    private static Reading ReadInPieces(CodecCase one)
    {
        var packets = new List<string>();
        var reading = new Reading(FrameStatus.Incomplete, packets, 0, one.Version, default);
        var consumed = 0;
        for (var (there, turn) = (0, 0); there < one.Input.Length && reading.Status == FrameStatus.Incomplete; turn++)
        {
            there = Math.Min(there + one.Chunks[turn % one.Chunks.Length], one.Input.Length);
            reading = CodecJudge.Read(one.Input.AsSpan(consumed..there), reading.Version, one.FromClient);
            consumed += reading.Consumed;
            packets.AddRange(reading.Packets);
        }

        return reading with { Packets = packets, Consumed = consumed };
    }

    private int Conclude()
    {
        Report();
        foreach (var (violation, count) in _clauses.OrderByDescending(pair => pair.Value))
        {
            Line($"  {violation,-18} {count:N0}");
        }

        if (_fault is null)
        {
            return 0;
        }

        var failed = CodecCase.Generate(_options.Seed, _number);
        Line($"FAILED: {_fault}");
        Line($"repeat: codec --seed {_options.Seed} --from {_number} --cases 1");
        Line($"version {failed.Version}, from {(failed.FromClient ? "a client" : "the server")}: {Convert.ToHexString(failed.Input)}");
        return 1;
    }

    private void Report()
    {
        var elapsed = TimeProvider.System.GetElapsedTime(_started);
        var cases = Interlocked.Read(ref _number) - _options.From;
        Line(
            $"seed {_options.Seed}: {cases:N0} cases in {elapsed.TotalSeconds:F0} s, {cases / elapsed.TotalSeconds:N0}/s; ",
            $"{_packets:N0} packets read, {_violations:N0} violations");
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds)
        {
            throw new CodecFaultException(fault);
        }
    }

    private static void Line(params FormattableString[] parts) =>
        Console.WriteLine(string.Concat(parts.Select(FormattableString.Invariant)));
}
