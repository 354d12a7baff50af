namespace Cassini.Web.Cli.Storing;

/// <summary>The actions of <c>cassini store</c>.</summary>
internal static class StoreActions
{
    public const string Check = "check";
    public const string Dump = "dump";
    public const string Repair = "repair";
    public const string Compact = "compact";
    public const string Backup = "backup";

    public static readonly IReadOnlyList<string> Names = [Check, Dump, Repair, Compact, Backup];

    /// <summary>Whether an action makes a new directory.</summary>
    public static bool HasTarget(string name) => name is Repair or Backup;
}
