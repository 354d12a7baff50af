using System.Text;
using Markdig;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Cassini.Management.Pages;

/// <summary>The runbook that was built in: its Markdown, and the page made of it at the first use.</summary>
internal static class RunbookPage
{
    /// <summary>A resource of its own: a strict content security policy has no inline style.</summary>
    public const string StyleSheet = "runbook.css";

    private const string Title = "Cassini runbook";

    private static readonly byte[] Text = Resource("runbook.md");
    private static readonly Lazy<byte[]> Page = new(() => Encoding.UTF8.GetBytes(Render(Encoding.UTF8.GetString(Text))));

    /// <summary>docs/operate/runbook.md.</summary>
    public static byte[] Source => Text;

    public static byte[] Style { get; } = Resource("runbook.css");

    /// <summary>The page. A heading's anchor is its own text: /runbook#BindFailed.</summary>
    public static byte[] Html => Page.Value;

    private static string Render(string markdown)
    {
        var document = Markdown.Parse(markdown, new MarkdownPipelineBuilder().DisableHtml().Build());
        var contents = new StringBuilder();
        foreach (var heading in document.OfType<HeadingBlock>().Where(heading => heading.Level == 2))
        {
            var reason = string.Concat(heading.Inline!.OfType<LiteralInline>().Select(text => text.Content.ToString()));
            heading.GetAttributes().Id = reason;
            contents.Append($"<li><a href=\"#{reason}\">{reason}</a></li>\n");
        }

        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Title}</title>
            <link rel="stylesheet" href="{StyleSheet}">
            </head>
            <body>
            <nav aria-label="Reasons">
            <ul>
            {contents}</ul>
            </nav>
            <main>
            {document.ToHtml()}</main>
            </body>
            </html>

            """;
    }

    private static byte[] Resource(string name)
    {
        using var stream = typeof(RunbookPage).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
