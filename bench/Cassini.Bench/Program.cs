using Cassini.Bench;

switch (args.FirstOrDefault())
{
    case "hub":
        HubBench.Run();
        return 0;
    case "replay":
        ReplayBench.Run();
        return 0;
    default:
        Console.Error.WriteLine("usage: dotnet run -c Release --project bench/Cassini.Bench -- hub|replay");
        return 64;
}
