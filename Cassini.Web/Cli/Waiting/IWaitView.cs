namespace Cassini.Web.Cli.Waiting;

/// <summary>Shows how a wait goes.</summary>
internal interface IWaitView
{
    /// <summary>What is waited for, at each change.</summary>
    void Show(IReadOnlyList<WaitRow> rows);

    /// <summary>The wait is over.</summary>
    /// <param name="outcome">One word: ready, live or ok; or why it failed.</param>
    void End(string outcome);
}
