using Cassini.Streams.Feed;

namespace Cassini.Web.Cli.Watching;

/// <summary>Shows a feed.</summary>
internal interface IWatchView
{
    void Show(FeedNote note);
}
