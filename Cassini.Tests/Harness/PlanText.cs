using System.Text;
using Cassini.Harness.Plans;

namespace Cassini.Tests.Harness;

/// <summary>Plans as text, to be read.</summary>
internal static class PlanText
{
    public const string Broker = """
        { "name": "b", "management": "http://127.0.0.1:9090", "mqtt": "127.0.0.1:8883",
          "tls": { "ca": "ca.pem", "cert": "c.pem", "key": "c.key" } }
        """;

    public const string Publisher = """{ "name": "p", "topic": "t", "messages": 10 }""";

    /// <summary>A plan that is right but for what is given.</summary>
    public static string With(
        string publisher = Publisher,
        string subscriber = """{ "name": "s", "topic": "t" }""",
        string more = "",
        string test = "",
        string broker = Broker) => $$"""
        {
          "name": "plan", {{more}}
          "brokers": [{{broker}}],
          "tests": [{ "name": "t", {{test}}
            "publishers": [{{publisher}}],
            "subscribers": [{{subscriber}}] }]
        }
        """;

    public static PlanReading Read(string json) => PlanReader.Read(Encoding.UTF8.GetBytes(json), Path.GetTempPath());

    public static TestPlan Good(string json)
    {
        var reading = Read(json);
        reading.Plan.ShouldNotBeNull(string.Join('\n', reading.Problems.Select(problem => problem.In("plan.json"))));
        return reading.Plan;
    }

    public static IReadOnlyList<string> Problems(string json) => [.. Read(json).Problems.Select(problem => problem.In("plan.json"))];
}
