namespace Cassini.Streams.Settings.Reading;

/// <summary>The settings of one source: a stronger layer hides a weaker one, and a list hides a list as a whole.</summary>
/// <param name="Settings">Its settings; of equal keys the last one counts.</param>
/// <param name="UnknownIsError">
/// Whether a key that no option has is an error. In the environment it is a warning: Kubernetes sets CASSINI_PORT and the like
/// for a service of that name.
/// </param>
internal sealed record SettingsLayer(IReadOnlyList<Setting> Settings, bool UnknownIsError);
