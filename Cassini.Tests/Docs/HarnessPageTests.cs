using System.Text;
using Cassini.Harness;
using Cassini.Harness.Plans;
using Cassini.Harness.Verdicts;

namespace Cassini.Tests.Docs;

public class HarnessPageTests
{
    private static readonly string Page = Repository.Read("docs", "use", "harness.md");

    [Fact]
    public void Page_Plan_IsRead()
    {
        var json = Page.Split("```json\n")[1].Split("```")[0];

        var reading = PlanReader.Read(Encoding.UTF8.GetBytes(json), Repository.Root);

        reading.Problems.Select(problem => problem.In("harness.md")).ShouldBeEmpty();
        reading.Plan.ShouldNotBeNull().Tests.Count.ShouldBe(2);
    }

    [Fact]
    public void Page_ExitCodes_AreThose() => Page.Split('\n')
        .Where(line => line.Length > 2 && line[0] == '|' && char.IsAsciiDigit(line[2]))
        .Select(line => int.Parse(line.Split('|')[1], System.Globalization.CultureInfo.InvariantCulture))
        .ShouldBe(Enum.GetValues<Verdict>().Select(ExitCode.Of).Append(ExitCode.Usage).Append(ExitCode.BrokenPlan).Order());
}
