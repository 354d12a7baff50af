using Cassini.Management.Control;

namespace Cassini.Tests.Management;

/// <summary>Levels of a log that is not there.</summary>
internal sealed class FakeLogLevels : ILogLevels
{
    private static readonly LogLevelState Configured = new("information", null, null, "information");

    public IReadOnlyList<string> Words { get; } = ["debug", "information", "none"];

    public LogLevelState Current { get; private set; } = Configured;

    public LogLevelState? Change(string level, string? category, TimeSpan length, string caller) => Words.Contains(level)
        ? Current = new LogLevelState(level, category, TimeProvider.System.GetUtcNow() + length, "information")
        : null;

    public LogLevelState Return(string caller) => Current = Configured;
}
