using Cassini.Streams.Hosting;
using Cassini.Streams.Settings;
using Microsoft.Extensions.Options;

namespace Cassini.Management.Http;

/// <summary>Reads the options of the management from an application's configuration, as those of its broker are read.</summary>
internal static class ConfiguredManagement
{
    private const string Section = "Management";

    /// <summary>
    /// The settings of an address of its own. Whoever writes one into an application's configuration relies on it, most of all on those
    /// that keep callers out.
    /// </summary>
    private static readonly string[] OfItsAddress =
    [
        nameof(ManagementOptions.Address), nameof(ManagementOptions.Https), nameof(ManagementOptions.RequireCredentials),
        nameof(ManagementOptions.TokenPath), nameof(ManagementOptions.Identities), nameof(ManagementOptions.GrpcAddress),
        nameof(ManagementOptions.MaxWatches), nameof(ManagementOptions.MaxFeedsPerCaller), nameof(ManagementOptions.MaxWaitsPerCaller),
        nameof(ManagementOptions.MaxConnectionsPerCaller), nameof(ManagementOptions.MaxMessageStreamsPerCaller),
    ];

    /// <summary>The options, valid as a whole.</summary>
    /// <param name="configuration">The section with the settings, or a whole configuration.</param>
    /// <param name="configure">Changes what was read; null to change nothing.</param>
    /// <exception cref="OptionsValidationException">A setting is wrong; it has every error.</exception>
    public static ManagementOptions Read(IConfiguration configuration, Func<ManagementOptions, ManagementOptions>? configure)
    {
        var reader = ConfiguredOptions.ReaderOf(configuration, key => key.StartsWith($"{Section}:", StringComparison.OrdinalIgnoreCase));
        var read = reader.Read<Settings>().Management;
        reader.ReportUnknown();

        var options = configure?.Invoke(read) ?? read;
        List<string> errors =
        [
            .. reader.Errors,
            .. OfItsAddress.Where(name => configuration.GetSection(Section).GetSection(name).Exists()).Select(name =>
                $"{Section}:{name}: has no effect in an application, which has the address and decides who may call: remove it"),
            .. ManagementSettings.Section.Validate(options).Select(reader.Locate),
        ];
        return errors.Count == 0
            ? options
            : throw new OptionsValidationException(Options.DefaultName, typeof(ManagementOptions), errors);
    }

    /// <summary>The tree that the keys are in.</summary>
    private sealed record Settings : IOptionsRecord
    {
        public ManagementOptions Management { get; init; } = new();
    }
}
