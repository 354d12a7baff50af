namespace Cassini.Management.Control;

/// <summary>The levels of the log, which may be others for a while. Any thread.</summary>
internal interface ILogLevels
{
    /// <summary>The words for a level, from the least severe to none.</summary>
    IReadOnlyList<string> Words { get; }

    /// <summary>What is in force.</summary>
    LogLevelState Current { get; }

    /// <summary>Puts another level in force for a while, in place of one that was for a while before.</summary>
    /// <param name="level">The level.</param>
    /// <param name="category">The beginning of the names of the loggers that it is for; null for all without a level of their own.</param>
    /// <param name="length">How long.</param>
    /// <param name="caller">Who asks for it, for people.</param>
    /// <returns>What is in force now; null when there is no such level.</returns>
    LogLevelState? Change(string level, string? category, TimeSpan length, string caller);

    /// <summary>Puts the configured levels in force again.</summary>
    /// <param name="caller">Who asks for it, for people.</param>
    LogLevelState Return(string caller);
}

/// <summary>The body of the answers of /log-level.</summary>
/// <param name="Level">The level in force.</param>
/// <param name="Category">The beginning of the names of the loggers that it is for; null for all without a level of their own.</param>
/// <param name="Until">When it ends; null when it is the configured one.</param>
/// <param name="Configured">The level of <c>Logging:Level</c>.</param>
internal sealed record LogLevelState(string Level, string? Category, DateTimeOffset? Until, string Configured);
