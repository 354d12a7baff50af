namespace Cassini.Streams.Settings;

/// <summary>
/// How a text setting is written, for docs/operate/settings.md: <c>host:port</c>, <c>PEM file</c>. For a list it describes the elements.
/// </summary>
/// <param name="form">A noun without an article; for a list in the plural.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FormAttribute(string form) : Attribute
{
    /// <summary>The form of a text that nobody may see.</summary>
    public const string Secret = "secret";

    /// <summary>The form.</summary>
    public string Form => form;
}
