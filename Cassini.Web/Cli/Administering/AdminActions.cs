namespace Cassini.Web.Cli.Administering;

/// <summary>A request of <c>cassini admin</c>.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path and query, relative to the management port.</param>
/// <param name="View">What the answer shows.</param>
internal sealed record AdminAction(HttpMethod Method, string Path, AdminView View);

/// <summary>The actions of <c>cassini admin</c>.</summary>
internal static class AdminActions
{
    public const string Identities = "identities";
    public const string Sessions = "sessions";
    public const string Client = "client";
    public const string EndSession = "end-session";
    public const string Disconnect = "disconnect";
    public const string PurgeRetained = "purge-retained";

    public static readonly IReadOnlyList<string> Names = [Identities, Sessions, Client, EndSession, Disconnect, PurgeRetained];

    /// <summary>What an action is done to.</summary>
    public static string TargetOf(string name) => name switch
    {
        Client or EndSession => "a client identifier",
        Disconnect => "an identity",
        _ => "a topic filter",
    };

    /// <summary>Whether an action lists something, and is done to nothing.</summary>
    public static bool IsTable(string name) => name is Identities or Sessions;

    /// <summary>The request for an action.</summary>
    public static AdminAction Of(string name, string? target, bool keepsSessions, AdminFilter filter) => name switch
    {
        Sessions => new AdminAction(HttpMethod.Get, $"sessions{filter.Query}", AdminView.Sessions),
        Client => new AdminAction(HttpMethod.Get, $"clients/{Escape(target)}", AdminView.Client),
        EndSession => new AdminAction(HttpMethod.Delete, $"sessions/{Escape(target)}", AdminView.Done),
        Disconnect => new AdminAction(
            HttpMethod.Delete, $"identities/{Escape(target)}{(keepsSessions ? "?sessions=keep" : "")}", AdminView.Done),
        PurgeRetained => new AdminAction(HttpMethod.Delete, $"retained?filter={Escape(target)}", AdminView.Done),
        _ => new AdminAction(HttpMethod.Get, $"identities{filter.Query}", AdminView.Identities),
    };

    private static string Escape(string? text) => Uri.EscapeDataString(text ?? "");
}
