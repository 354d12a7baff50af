namespace Cassini.Web.Cli.Administering;

/// <summary>A request of <c>cassini admin</c>.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path and query, relative to the management port.</param>
/// <param name="IsTable">Whether the answer is the table of identities; else it is what was done.</param>
internal sealed record AdminAction(HttpMethod Method, string Path, bool IsTable);

/// <summary>The actions of <c>cassini admin</c>.</summary>
internal static class AdminActions
{
    public const string Identities = "identities";
    public const string EndSession = "end-session";
    public const string Disconnect = "disconnect";
    public const string PurgeRetained = "purge-retained";

    public static readonly IReadOnlyList<string> Names = [Identities, EndSession, Disconnect, PurgeRetained];

    /// <summary>What an action is done to.</summary>
    public static string TargetOf(string name) => name switch
    {
        EndSession => "a client identifier",
        Disconnect => "an identity",
        _ => "a topic filter",
    };

    /// <summary>The request for an action.</summary>
    public static AdminAction Of(string name, string? target, bool keepsSessions, string? by) => name switch
    {
        EndSession => new AdminAction(HttpMethod.Delete, $"sessions/{Escape(target)}", IsTable: false),
        Disconnect => new AdminAction(
            HttpMethod.Delete, $"identities/{Escape(target)}{(keepsSessions ? "?sessions=keep" : "")}", IsTable: false),
        PurgeRetained => new AdminAction(HttpMethod.Delete, $"retained?filter={Escape(target)}", IsTable: false),
        _ => new AdminAction(HttpMethod.Get, by is null ? "identities" : $"identities?by={Escape(by)}", IsTable: true),
    };

    private static string Escape(string? text) => Uri.EscapeDataString(text ?? "");
}
