namespace Cassini.Streams.Settings;

/// <summary>How a setting that is text is written, for docs/operate/settings.md: <c>host:port</c>, <c>PEM file</c>. Of a list it describes the elements.</summary>
/// <param name="form">A noun without an article; for a list in the plural.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FormAttribute(string form) : Attribute
{
    /// <summary>The form.</summary>
    public string Form => form;
}
