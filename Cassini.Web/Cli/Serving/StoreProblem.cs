using Cassini.Streams.Store.Ledgers;

namespace Cassini.Web.Cli.Serving;

/// <summary>Why a broker cannot start on its journal, and the way out.</summary>
internal static class StoreProblem
{
    /// <param name="failure">What the start threw.</param>
    /// <param name="directory">The directory of the journal, as it was given.</param>
    public static string Of(IOException failure, string directory)
    {
        var problem = $"the journal in {directory} cannot be used: {failure.Message}";
        return failure is LedgerDamagedException { IsForeign: false }
            ? $"{problem.TrimEnd('.')}. The way out: 'cassini store check {directory}' says all that is wrong, and "
                + $"'cassini store repair {directory} --to NEWDIR' keeps what can be read"
            : problem;
    }
}
