namespace Cassini.Web.Cli.Serving;

/// <summary>How an entry of the log is written.</summary>
internal interface ILogLayout
{
    /// <summary>The entry as whole lines, the last line end included.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="scopes">Around it, such as the trace that it belongs to.</param>
    string Of(LogEntry entry, IExternalScopeProvider scopes);
}
