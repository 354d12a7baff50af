using Cassini.Streams.Health;
using Cassini.Streams.Hosting;
using Cassini.Streams.Settings.Reading;
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
        if (SettingsFile.Load(Path.Combine(workingDirectory, path), path, errors) is not { } json)
        {
            throw new PolicyFileException(errors);
        }

        const string Whole = $"{SettingsFile.Root}:{Section}";
        var section = json.Has(SettingsFile.Root) ? Whole : json.Has(Section) ? Section : "";
        errors.AddRange(json.FaultsOf(section));
        if (section == Whole && !json.Has(Whole))
        {
            errors.Add($"{path}: has no section {Whole}");
        }

        if (errors.Count > 0)
        {
            throw new PolicyFileException(errors);
        }

        var start = section.Length == 0 ? 0 : section.Length + 1;
        return new PolicyFile(new SettingsLayer(
            [
                .. json.Below(section).Select(
                    value => new Setting($"{Section}:{value.Path[start..]}", value.Value, $"{value.Path} in {path}")),
            ],
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
