namespace Cassini.Management.Access;

internal static partial class AccessLog
{
    [LoggerMessage(2100, LogLevel.Error, "{Path}: {Problem}: none of its tokens is accepted")]
    public static partial void TokensLost(ILogger logger, string path, string problem);

    /// <summary>Where the problem that <see cref="TokensLost"/> names was found.</summary>
    [LoggerMessage(2103, LogLevel.Debug, "{Path} cannot be read")]
    public static partial void TokensUnreadable(ILogger logger, string path, Exception cause);

    [LoggerMessage(2101, LogLevel.Information, "{Path} can be read again")]
    public static partial void TokensBack(ILogger logger, string path);

    [LoggerMessage(2102, LogLevel.Information, "{Caller} requested a graceful stop over HTTP")]
    public static partial void DrainRequested(ILogger logger, string? caller);

    [LoggerMessage(2104, LogLevel.Information, "{Path} to {Caller} ends: {Reason}")]
    public static partial void AnswerCut(ILogger logger, string caller, string path, string reason);
}
