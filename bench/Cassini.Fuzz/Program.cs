using Cassini.Fuzz;

const string Usage =
    "usage: dotnet run -c Release --project bench/Cassini.Fuzz -- codec|broker [--seed N] [--from N] [--cases N] [--seconds N]";

if (!FuzzOptions.TryRead(args.AsSpan(Math.Min(1, args.Length)), out var options))
{
    Console.Error.WriteLine(Usage);
    return 64;
}

switch (args.FirstOrDefault())
{
    case "codec":
        return CodecFuzz.Run(options);
    case "broker":
        return await BrokerFuzz.RunAsync(options);
    default:
        Console.Error.WriteLine(Usage);
        return 64;
}
