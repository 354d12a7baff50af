namespace Cassini.Tests.Broker;

/// <summary>What matches what, written as the standard says it (MQTT 5.0 §4.7) and not as it is fast.</summary>
internal static class NaiveFilter
{
    public static bool Matches(string filter, string topic)
    {
        if (topic.StartsWith('$') && (filter.StartsWith('+') || filter.StartsWith('#')))
        {
            return false;
        }

        return Matches(filter.Split('/'), topic.Split('/'));
    }

    private static bool Matches(string[] filter, string[] topic) => (filter, topic) switch
    {
        (["#"], _) => true,
        ([], []) => true,
        ([], _) or (_, []) => false,
        ([var first, ..], [var name, ..]) => (first == "+" || first == name) && Matches(filter[1..], topic[1..]),
    };
}
