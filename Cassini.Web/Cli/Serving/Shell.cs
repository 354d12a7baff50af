namespace Cassini.Web.Cli.Serving;

/// <summary>Words for a POSIX shell.</summary>
internal static class Shell
{
    private const string Harmless = "/._-+:=@%,";

    public static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || Harmless.Contains(c, StringComparison.Ordinal))
        ? word
        : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
