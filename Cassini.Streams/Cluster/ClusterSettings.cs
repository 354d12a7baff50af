using Cassini.Streams.Settings;

namespace Cassini.Streams.Cluster;

/// <summary>The section <c>Cluster</c>, and the rules between its settings.</summary>
internal static class ClusterSettings
{
    public const string Servers = $"Cluster:{nameof(ClusterOptions.Servers)}";

    public const string ManagementCaPath = $"Cluster:{nameof(ClusterOptions.ManagementCaPath)}";

    public const string ManagementCertificatePath = $"Cluster:{nameof(ClusterOptions.ManagementCertificatePath)}";

    public const string ManagementKeyPath = $"Cluster:{nameof(ClusterOptions.ManagementKeyPath)}";

    public const string ManagementTokenPath = $"Cluster:{nameof(ClusterOptions.ManagementTokenPath)}";

    private const int LongestName = 64;

    private const int LongestAddress = 300;

    private const string OfAName = "1 to 64 letters, digits, hyphens and underscores";

    public static SettingsSection<ClusterOptions> Section { get; } = new(
        "Cluster",
        new ClusterOptions(),
        SettingRule<ClusterOptions>.That(
            $"Cluster:{nameof(ClusterOptions.Name)}", OfAName, cluster => IsName(cluster.Name), cluster => cluster.Name),
        SettingRule<ClusterOptions>.That(
            $"Cluster:{nameof(ClusterOptions.Node)}", OfAName, cluster => cluster.Node is null || IsName(cluster.Node),
            cluster => cluster.Node ?? ""),
        SettingRule<ClusterOptions>.That(
            $"Cluster:{nameof(ClusterOptions.SuspectAfter)}",
            "at least twice Cluster:HeartbeatInterval",
            cluster => cluster.SuspectAfter >= 2 * cluster.HeartbeatInterval,
            cluster => cluster.SuspectAfter,
            "Cluster:HeartbeatInterval"),
        SettingRule<ClusterOptions>.That(
            $"Cluster:{nameof(ClusterOptions.DeadAfter)}",
            "more than Cluster:SuspectAfter",
            cluster => cluster.DeadAfter > cluster.SuspectAfter,
            cluster => cluster.DeadAfter,
            "Cluster:SuspectAfter"),
        SettingRule<ClusterOptions>.That(
            $"Cluster:{nameof(ClusterOptions.Management)}", "an http or https URL without a user",
            cluster => cluster.Management is null || IsManagement(cluster.Management), cluster => cluster.Management ?? ""),
        SettingRule<ClusterOptions>.NotEmpty(ManagementCaPath, "path", "name a file", cluster => cluster.ManagementCaPath),
        SettingRule<ClusterOptions>.NotEmpty(
            ManagementCertificatePath, "path", "name a file", cluster => cluster.ManagementCertificatePath),
        SettingRule<ClusterOptions>.NotEmpty(ManagementKeyPath, "path", "name a file", cluster => cluster.ManagementKeyPath),
        SettingRule<ClusterOptions>.NotEmpty(ManagementTokenPath, "path", "name a file", cluster => cluster.ManagementTokenPath),
        SettingRule<ClusterOptions>.That(
            ManagementCertificatePath,
            $"it goes together with {ManagementKeyPath}",
            cluster => string.IsNullOrEmpty(cluster.ManagementCertificatePath) == string.IsNullOrEmpty(cluster.ManagementKeyPath),
            cluster => cluster.ManagementCertificatePath ?? "nothing"),
        SettingRule<ClusterOptions>.NotEmpty(
            $"Cluster:{nameof(ClusterOptions.Directory)}", "path", "name a directory", cluster => cluster.Directory));

    /// <summary>The name of this node: as it is set, or the machine's, with hyphens in place of what a name may not have.</summary>
    public static string NodeOf(ClusterOptions options) => options.Node
        ?? string.Concat(Environment.MachineName.Take(LongestName).Select(letter => IsOfAName(letter) ? letter : '-'));

    /// <summary>Whether it may be the name of a node or of a fleet.</summary>
    public static bool IsName(string? text) => text is { Length: > 0 and <= LongestName } && text.All(IsOfAName);

    /// <summary>Whether it may be the address of a node's management.</summary>
    public static bool IsManagement(string text) => text.Length <= LongestAddress
        && Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) && address.UserInfo.Length == 0;

    private static bool IsOfAName(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_';
}
