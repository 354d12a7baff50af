using Cassini.Streams.Settings;

namespace Cassini.Streams.Nats;

/// <summary>The section <c>Nats</c>, and the rules between its settings.</summary>
internal static class NatsSettings
{
    public const string Key = "Nats";
    public const string CaPath = $"{Key}:{nameof(NatsOptions.CaPath)}";
    public const string CertificatePath = $"{Key}:{nameof(NatsOptions.CertificatePath)}";
    public const string KeyPath = $"{Key}:{nameof(NatsOptions.KeyPath)}";
    public const string CredentialsPath = $"{Key}:{nameof(NatsOptions.CredentialsPath)}";
    public const string User = $"{Key}:{nameof(NatsOptions.User)}";
    public const string PasswordPath = $"{Key}:{nameof(NatsOptions.PasswordPath)}";

    public static SettingsSection<NatsOptions> Section { get; } = new(
        Key,
        new NatsOptions(),
        Named(CaPath, nats => nats.CaPath),
        Named(CertificatePath, nats => nats.CertificatePath),
        Named(KeyPath, nats => nats.KeyPath),
        Named(CredentialsPath, nats => nats.CredentialsPath),
        Named(PasswordPath, nats => nats.PasswordPath),
        Together(CertificatePath, nats => nats.CertificatePath, KeyPath, nats => nats.KeyPath),
        Together(User, nats => nats.User, PasswordPath, nats => nats.PasswordPath),
        SettingRule<NatsOptions>.That(
            CredentialsPath,
            $"not together with {User}",
            nats => string.IsNullOrEmpty(nats.CredentialsPath) || string.IsNullOrEmpty(nats.User),
            nats => nats.CredentialsPath ?? "nothing"));

    private static SettingRule<NatsOptions> Named(string key, Func<NatsOptions, string?> path) =>
        SettingRule<NatsOptions>.NotEmpty(key, "path", "name a file", path);

    private static SettingRule<NatsOptions> Together(
        string key, Func<NatsOptions, string?> value, string otherKey, Func<NatsOptions, string?> other) => SettingRule<NatsOptions>.That(
            key,
            $"it goes together with {otherKey}",
            nats => string.IsNullOrEmpty(value(nats)) == string.IsNullOrEmpty(other(nats)),
            nats => value(nats) ?? "nothing");
}
