namespace Cassini.Streams.Settings;

/// <summary>An invalid setting. Its text is the key, a colon and the message.</summary>
/// <param name="Key">The setting's full key, such as <c>Listener:BindRetryDelay</c>.</param>
/// <param name="Message">The value and what is allowed.</param>
public sealed record SettingError(string Key, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key}: {Message}";

    /// <summary>The usual error: a value, and what is required instead.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value as the message shows it: never a secret.</param>
    /// <param name="requirement">What is required.</param>
    internal static SettingError NotAllowed(string key, string value, string requirement) =>
        new(key, $"{value} is not allowed; {requirement}");
}
