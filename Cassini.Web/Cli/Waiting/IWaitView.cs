using Cassini.Streams.Feed;

namespace Cassini.Web.Cli.Waiting;

/// <summary>Shows how a wait goes.</summary>
internal interface IWaitView
{
    /// <summary>The health of the targets, at each change.</summary>
    void Show(GroupHealth health);

    /// <summary>The wait is over.</summary>
    /// <param name="outcome">One word: ready, live or ok; or why it failed.</param>
    void End(string outcome);
}
