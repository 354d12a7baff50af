using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Web.Cli.Settings;

namespace Cassini.Web.Cli.Replaying;

/// <summary>
/// Another policy: the Health section of a settings file, alone or inside the whole file. What it does not name stays as
/// it was recorded.
/// </summary>
internal sealed class PolicyFile
{
    private const string Section = nameof(CassiniOptions.Health);

    private readonly SettingsLayer _layer;

    private PolicyFile(SettingsLayer layer) => _layer = layer;

    /// <exception cref="PolicyFileException">It cannot be read, or has no such section.</exception>
    public static PolicyFile Load(string path, string workingDirectory)
    {
        var errors = new List<string>();
        if (SettingsFile.Load(Path.Combine(workingDirectory, path), path, errors) is not { } root)
        {
            throw new PolicyFileException(errors);
        }

        var whole = root.GetSection(SettingsFile.Root);
        var health = whole.Exists() ? whole.GetSection(Section) : root.GetSection(Section);
        if (whole.Exists() && !health.Exists())
        {
            throw new PolicyFileException([$"{path}: has no section {SettingsFile.Root}:{Section}"]);
        }

        var start = health.Exists() ? health.Path.Length + 1 : 0;
        var leaves = (health.Exists() ? health.GetChildren() : root.GetChildren()).SelectMany(SettingsFile.Leaves);
        return new PolicyFile(new SettingsLayer(
            [.. leaves.Select(leaf => new Setting($"{Section}:{leaf.Path[start..]}", leaf.Value, $"{leaf.Path} in {path}"))],
            UnknownIsError: true));
    }

    /// <summary>The recorded policy, with the values of the file instead of the recorded ones.</summary>
    /// <exception cref="PolicyFileException">Something in it is wrong: every error at once.</exception>
    public HealthPolicy Over(HealthPolicy recorded)
    {
        var reader = new OptionsReader([_layer]);
        var policy = reader.Read(recorded, Section);
        reader.ReportUnknown();
        string[] errors = [.. reader.Errors, .. HealthPolicyValidator.Validate(policy).Select(reader.Locate)];
        return errors.Length == 0 ? policy : throw new PolicyFileException(errors);
    }
}

/// <summary>A policy file that cannot be used.</summary>
internal sealed class PolicyFileException(IReadOnlyList<string> errors) : Exception(string.Join("; ", errors))
{
    public IReadOnlyList<string> Errors => errors;
}
